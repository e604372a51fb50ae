package activity

import (
	"maps"
	"testing"
)

func TestTags(t *testing.T) {
	tags := map[string]string{}
	for _, c := range ContentTypes() {
		tags[c.Name] = c.Tag
	}
	want := map[string]string{
		AzureActiveDirectory: "azureactivedirectory", Exchange: "exchange", SharePoint: "sharepoint", General: "general", DLP: "dlp",
	}
	if !maps.Equal(tags, want) {
		t.Errorf("tags are %v", tags)
	}
}
