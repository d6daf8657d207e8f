-- Whether a flag's variant gives the feature to the user: is_on(variant). Every variant does but off, false, no, none,
-- disabled, control, 0 and an empty one, in capitals or not.
CREATE OR REPLACE FUNCTION is_on AS (variant) ->
    lower(variant) NOT IN ('', 'off', 'false', 'no', 'none', 'disabled', 'control', '0');
