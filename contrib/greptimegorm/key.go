package greptimegorm

import (
	"fmt"
	"reflect"

	"gorm.io/gorm/schema"
)

// timeIndexTag is the name of the tag of a time index, as GORM stores it.
const timeIndexTag = "TIMEINDEX"

func isTimeIndex(field *schema.Field) bool {
	_, ok := field.TagSettings[timeIndexTag]
	return ok
}

// timeIndexOf returns the time index of a model, or an error that says how to declare it.
func timeIndexOf(s *schema.Schema) (*schema.Field, error) {
	var found *schema.Field
	for _, field := range s.Fields {
		switch {
		case !isTimeIndex(field):
			continue
		case found != nil:
			return nil, fmt.Errorf("greptimegorm: %s has two time indexes, %s and %s; leave timeIndex at one of them", s.Name, found.Name, field.Name)
		case !field.PrimaryKey:
			return nil, fmt.Errorf("greptimegorm: %s.%s is the time index, which is part of what identifies a row; write `gorm:\"primaryKey;timeIndex\"`", s.Name, field.Name)
		case field.AutoUpdateTime > 0:
			return nil, fmt.Errorf("greptimegorm: %s.%s is the time index, and GORM would change it with every Save, which would then be another row; add autoUpdateTime:false to its tag", s.Name, field.Name)
		}
		found = field
	}
	if found == nil {
		return nil, fmt.Errorf("greptimegorm: %s has no time index, which each table of GreptimeDB needs: add a field such as At time.Time `gorm:\"primaryKey;timeIndex\"` (the fields of gorm.Model do not fit GreptimeDB, which has no generated keys)", s.Name)
	}
	return found, nil
}

// tagsOf returns the tags of a model: its primary key without the time index.
func tagsOf(s *schema.Schema) (tags []*schema.Field) {
	for _, field := range s.PrimaryFields {
		if !isTimeIndex(field) {
			tags = append(tags, field)
		}
	}
	return tags
}

// eachModel calls f for the model, or for each of a slice of models.
func eachModel(value reflect.Value, f func(reflect.Value) error) error {
	value = reflect.Indirect(value)
	switch value.Kind() {
	case reflect.Struct:
		return f(value)
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			if err := eachModel(value.Index(i), f); err != nil {
				return err
			}
		}
	case reflect.Interface:
		return eachModel(value.Elem(), f)
	}
	return nil
}
