-- The share of minutes that a target is to be up: 99.9 % for the application, 99.95 % for the database, NULL for any other.
CREATE OR REPLACE FUNCTION availability_objective AS (target) ->
    multiIf(target = 'application', 0.999, target = 'database', 0.9995, NULL);
