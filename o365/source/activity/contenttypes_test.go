package activity

import (
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestContentTypes(t *testing.T) {
	limits := source.Limits{Retention: 168 * time.Hour, Window: 24*time.Hour - 59*time.Second, Overlap: time.Second, StartPause: 15 * time.Minute}
	want := []source.ContentType{
		{Name: "Audit.AzureActiveDirectory", Tag: "azureactivedirectory", Permission: "ActivityFeed.Read", Limits: limits},
		{Name: "Audit.Exchange", Tag: "exchange", Permission: "ActivityFeed.Read", Limits: limits},
		{Name: "Audit.SharePoint", Tag: "sharepoint", Permission: "ActivityFeed.Read", Limits: limits},
		{Name: "Audit.General", Tag: "general", Permission: "ActivityFeed.Read", Limits: limits},
		{Name: "DLP.All", Tag: "dlp", Permission: "ActivityFeed.ReadDlp", SharedIDs: true, Limits: limits},
	}
	if got := ContentTypes(); !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}
