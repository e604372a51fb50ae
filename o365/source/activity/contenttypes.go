package activity

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The content types ("Office 365 Management Activity API reference", Working with the
// Office 365 Management Activity API).
const (
	AzureActiveDirectory = "Audit.AzureActiveDirectory"
	Exchange             = "Audit.Exchange"
	SharePoint           = "Audit.SharePoint"
	General              = "Audit.General"
	DLP                  = "DLP.All"
)

// ContentTypes returns all content types of the API, with their limits.
func ContentTypes() []source.ContentType {
	types := []source.ContentType{
		{Name: AzureActiveDirectory, Tag: "azureactivedirectory", Permission: permissionRead},
		{Name: Exchange, Tag: "exchange", Permission: permissionRead},
		{Name: SharePoint, Tag: "sharepoint", Permission: permissionRead},
		{Name: General, Tag: "general", Permission: permissionRead},
		// A match of a rule and its undoing share an Id.
		{Name: DLP, Tag: "dlp", Permission: permissionReadDLP, SharedIDs: true},
	}
	for i := range types {
		types[i].Limits = limits
	}
	return types
}

// limits are the bounds of the API ("Office 365 Management Activity API reference",
// list available content): windows of at most 24 hours, at most 7 days back.
// The API has refused windows of exactly 24 hours. An item that was
// created exactly at a listing's startTime can be served in part (observed by
// Elastic's o365audit input), so a listing begins a second earlier. Between
// two starts of a subscription, the reference requires 15 minutes.
var limits = source.Limits{
	Retention:  7 * 24 * time.Hour,
	Window:     24*time.Hour - 59*time.Second,
	Overlap:    time.Second,
	StartPause: 15 * time.Minute,
}
