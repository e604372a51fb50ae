package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/monitoring/picture"
)

var span = picture.Span{From: time.Unix(100, 0), To: time.Unix(160, 0), Step: 5 * time.Second}

func TestQuery(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch r.URL.Path + " " + q.Get("query") {
		case "/api/v1/query_range up":
			if q.Get("start") != "100" || q.Get("end") != "160" || q.Get("step") != "5" {
				t.Errorf("asked for %v", q)
			}
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[
				{"metric":{"content_type":"b"},"values":[[100,"1"],[105.5,"NaN"]]},
				{"metric":{"content_type":"a"},"values":[[100,"0"]]}]}}`)
		case "/api/v1/query up":
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[160,"3"]}]}}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"status":"error","errorType":"bad_data","error":"parse error"}`)
		}
	}))
	defer server.Close()
	p := prometheus{server.URL}

	lines, err := p.query(t.Context(), picture.Target{Expr: "up", LegendFormat: "{{content_type}} of {{ tenant }}"}, span)
	if err != nil || len(lines) != 2 {
		t.Fatal(lines, err)
	}
	if lines[0].Name != "a of " || lines[1].Name != "b of " {
		t.Errorf("lines %q, %q", lines[0].Name, lines[1].Name)
	}
	if b := lines[1].Points; b[0].Value != 1 || b[1].Value == b[1].Value || !b[1].Time.Equal(time.UnixMilli(105500)) {
		t.Errorf("points %v", b)
	}
	now, err := p.query(t.Context(), picture.Target{Expr: "up", Instant: true}, span)
	if err != nil || len(now) != 1 || now[0].Points[0].Value != 3 {
		t.Error(now, err)
	}
	if _, err := p.query(t.Context(), picture.Target{Expr: "up("}, span); err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("a wrong query: %v", err)
	}
}

func TestValues(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/label/tenant/values" || r.URL.Query().Get("match[]") != "fluentbit_o365_up" {
			t.Errorf("asked for %s", r.URL)
		}
		fmt.Fprint(w, `{"status":"success","data":["a","b"]}`)
	}))
	defer server.Close()
	p := prometheus{server.URL}
	all, err := p.values(t.Context(), `label_values(fluentbit_o365_up{name=~"$name"}, tenant)`, span)
	if err != nil || len(all) != 2 {
		t.Error(all, err)
	}
	if _, err := p.values(t.Context(), "metrics(x)", span); err == nil {
		t.Error("a query of another kind is taken")
	}
}
