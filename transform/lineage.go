package transform

import (
	"context"
	"fmt"
	"slices"
)

// TablesRead lists the tables and views that a query reads, as « schema.table », sorted, those of its
// own WITH aside. The query must be one bare SELECT: anything else is an error. Nothing is run.
func (w *Warehouse) TablesRead(ctx context.Context, query string) ([]string, error) {
	var serialized any
	if err := w.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)", query).Scan(&serialized); err != nil {
		return nil, err
	}
	tree, ok := serialized.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("json_serialize_sql gave a %T", serialized)
	}
	if message, failed := tree["error_message"].(string); failed {
		return nil, fmt.Errorf("not a bare SELECT: %s", message)
	}
	if statements, _ := tree["statements"].([]any); len(statements) != 1 {
		return nil, fmt.Errorf("%d statements, not one SELECT", len(statements))
	}
	own := map[any]bool{}
	walk(tree, func(node map[string]any) {
		if m, ok := node["cte_map"].(map[string]any); ok {
			for _, entry := range m["map"].([]any) {
				own[entry.(map[string]any)["key"]] = true
			}
		}
	})
	var tables []string
	walk(tree, func(node map[string]any) {
		if node["type"] == "BASE_TABLE" && !(node["schema_name"] == "" && own[node["table_name"]]) {
			tables = append(tables, fmt.Sprintf("%v.%v", node["schema_name"], node["table_name"]))
		}
	})
	slices.Sort(tables)
	return slices.Compact(tables), nil
}

func walk(tree any, visit func(map[string]any)) {
	switch v := tree.(type) {
	case map[string]any:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	case []any:
		for _, child := range v {
			walk(child, visit)
		}
	}
}
