-- title: Hours saved in the month
-- place: 120
-- unit: hours
-- better: above
-- evidence: 20
-- monthly: yes
-- definition: Minutes saved on each estimate times the estimates made with the library, of the month that the period ends in (view `time_savings`).
SELECT hours_saved AS value, hours_saved_low AS low, hours_saved_high AS high, estimates_with AS n
FROM time_savings
WHERE month = toStartOfMonth($__toTime - INTERVAL 1 SECOND)
