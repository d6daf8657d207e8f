-- What becomes of guidance: one row a day (UTC), guide and the task that it is meant to help with.
-- `followed_share` and `dismissed_share` are shares of the times it was shown, with 95 % Wilson intervals. Whether guidance helps
-- is the view `guidance_effect`.
CREATE OR REPLACE VIEW guidance AS
SELECT
    toDate(r.window_start) AS day,
    r.guide AS guide,
    r.task AS task,
    sum(r.shown) AS shown,
    sum(r.followed) AS followed,
    sum(r.dismissed) AS dismissed,
    followed / nullIf(shown, 0) AS followed_share,
    wilson_low(least(followed, shown), shown) AS followed_share_low,
    wilson_high(least(followed, shown), shown) AS followed_share_high,
    dismissed / nullIf(shown, 0) AS dismissed_share,
    wilson_low(least(dismissed, shown), shown) AS dismissed_share_low,
    wilson_high(least(dismissed, shown), shown) AS dismissed_share_high
FROM guidance_rows AS r FINAL
GROUP BY day, guide, task;
