-- Which feature a use is of: feature_of(event, feature). feature.used says it itself; some events are the use of a feature by
-- themselves, and this is the list of them. A change holds for the past too.
CREATE OR REPLACE FUNCTION feature_of AS (event, feature) ->
    transform(event,
        ['library.search', 'library.item_selected', 'library.item_created', 'bulk.operation'],
        ['library',        'library',               'library',              'bulk-edit'],
        feature);
