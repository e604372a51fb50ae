package content

// sharePoint writes a record of SharePoint Online or OneDrive.
func (g *Generator) sharePoint(e event) {
	site, file := pick(g, sites), pick(g, files)
	sharing := g.one(5)
	operation, typ := pick(g, []string{"FileAccessed", "FileModified", "FileDownloaded", "FileUploaded", "FileSyncDownloadedFull", "FileDeleted", "PageViewed"}), pick(g, []int64{6, 6, 6, 4, 36})
	if sharing {
		operation, typ = pick(g, []string{"SharingSet", "AnonymousLinkCreated", "AddedToSecureLink", "SecureLinkUsed"}), 14
	}
	g.common(e, operation, typ, pick(g, []string{"SharePoint", "OneDrive"}))
	g.str("ObjectId", `https:\/\/contoso.sharepoint.com\/`, site, `\/Shared Documents\/`, file)
	g.obj("AppAccessContext")
	if g.one(2) {
		g.guid("AADSessionId")
		g.guid("CorrelationId")
		g.guid("UniqueTokenId")
	}
	g.end('}')
	g.str("AuthenticationType", pick(g, []string{"OAuth", "FormsCookieAuth", "None", ""}))
	g.str("BrowserName", pick(g, []string{"Edge", "Chrome", ""}))
	g.str("BrowserVersion", "126.0.0.0")
	g.guid("CorrelationId")
	g.str("EventSource", "SharePoint")
	g.flag("IsManagedDevice", g.one(2))
	g.str("ItemType", "File")
	g.guid("ListId")
	g.guid("ListItemUniqueId")
	g.str("Platform", "WinDesktop")
	g.guid("Site")
	g.str("SiteUrl", `https:\/\/contoso.sharepoint.com\/`, site, `\/`)
	g.str("SourceFileExtension", "docx")
	g.str("SourceFileName", file)
	g.str("SourceRelativeUrl", "Shared Documents")
	g.str("UserAgent", e.user.agent)
	g.guid("WebId")
	g.flag("HighPriorityMediaProcessing", false)
	switch g.IntN(6) {
	case 0:
		g.str("FileSize", "90132")
	case 1:
		g.num("FileSize", 1<<33+g.Int64N(1<<20))
	case 2:
		g.raw("FileSyncBytesCommitted", "26.0")
	}
	if sharing {
		target := pick(g, users)
		g.str("TargetUserOrGroupName", target.mail)
		g.str("TargetUserOrGroupType", pick(g, []string{"Guest", "Member", "SharePointGroup"}))
		g.str("EventData", `<Type>Edit<\/Type><MembersCanShareApplied>False<\/MembersCanShareApplied>`)
		g.arr("ModifiedProperties")
		g.change("SharingLinkScope")
		g.end(']')
	}
	if g.one(10) {
		g.raw("SensitivityLabelOwnerEmail", "null")
		g.raw("DataCollection", "{}")
		g.raw("Labels", "[]")
	}
	g.end('}')
}
