-- Which feature a use is of: feature_of(event, feature). feature.used says it itself; other events are the use of a feature by
-- themselves: library.search, library.item_selected and library.item_created of `library`, bulk.operation of `bulk-edit`. A change
-- of this list holds for the past too.
CREATE OR REPLACE FUNCTION feature_of AS (event, feature) ->
    transform(event,
        ['library.search', 'library.item_selected', 'library.item_created', 'bulk.operation'],
        ['library',        'library',               'library',              'bulk-edit'],
        feature);
