-- Share of the estimates created on a day (UTC) that use library items, bulk operations and the spreadsheet editor: one row a day
-- and feature.
--
-- Estimates: those of the day whose event estimate.created says whether the feature was used (at least one element from the library
-- for `library`); creations that failed are none. The share has the 95 % interval of Wilson.
CREATE OR REPLACE VIEW estimate_features_daily AS
SELECT
    toDate(time) AS day,
    use.1 AS feature,
    countIf(isNotNull(use.2)) AS estimates,
    countIf(use.2 > 0) AS using_it,
    using_it / nullIf(estimates, 0) AS share,
    wilson_low(using_it, estimates) AS share_low,
    wilson_high(using_it, estimates) AS share_high
FROM estimates_rows FINAL
ARRAY JOIN
    [
        ('library', library_items_count),
        ('bulk-edit', toUInt32(used_bulk)),
        ('spreadsheet-editor', toUInt32(used_spreadsheet))
    ] AS use
WHERE event = 'estimate.created' AND outcome != 'error'
GROUP BY day, feature;
