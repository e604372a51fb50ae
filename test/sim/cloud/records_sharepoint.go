package cloud

// sharePoint writes a record of SharePoint Online or OneDrive.
func (m *maker) sharePoint(e event) {
	site, file := pick(m, sites), pick(m, files)
	sharing := m.one(5)
	operation, typ := pick(m, []string{"FileAccessed", "FileModified", "FileDownloaded", "FileUploaded", "FileSyncDownloadedFull", "FileDeleted", "PageViewed"}), pick(m, []int64{6, 6, 6, 4, 36})
	if sharing {
		operation, typ = pick(m, []string{"SharingSet", "AnonymousLinkCreated", "AddedToSecureLink", "SecureLinkUsed"}), 14
	}
	m.common(e, operation, typ, pick(m, []string{"SharePoint", "OneDrive"}))
	m.str("ObjectId", `https:\/\/contoso.sharepoint.com\/`, site, `\/Shared Documents\/`, file)
	m.obj("AppAccessContext")
	if m.one(2) {
		m.guid("AADSessionId")
		m.guid("CorrelationId")
		m.guid("UniqueTokenId")
	}
	m.end('}')
	m.str("AuthenticationType", pick(m, []string{"OAuth", "FormsCookieAuth", "None", ""}))
	m.str("BrowserName", pick(m, []string{"Edge", "Chrome", ""}))
	m.str("BrowserVersion", "126.0.0.0")
	m.guid("CorrelationId")
	m.str("EventSource", "SharePoint")
	m.flag("IsManagedDevice", m.one(2))
	m.str("ItemType", "File")
	m.guid("ListId")
	m.guid("ListItemUniqueId")
	m.str("Platform", "WinDesktop")
	m.guid("Site")
	m.str("SiteUrl", `https:\/\/contoso.sharepoint.com\/`, site, `\/`)
	m.str("SourceFileExtension", "docx")
	m.str("SourceFileName", file)
	m.str("SourceRelativeUrl", "Shared Documents")
	m.str("UserAgent", e.user.agent)
	m.guid("WebId")
	m.flag("HighPriorityMediaProcessing", false)
	switch m.IntN(6) {
	case 0:
		m.str("FileSize", "90132")
	case 1:
		m.num("FileSize", 1<<33+m.Int64N(1<<20))
	case 2:
		m.raw("FileSyncBytesCommitted", "26.0")
	}
	if sharing {
		target := pick(m, users)
		m.str("TargetUserOrGroupName", target.mail)
		m.str("TargetUserOrGroupType", pick(m, []string{"Guest", "Member", "SharePointGroup"}))
		m.str("EventData", `<Type>Edit<\/Type><MembersCanShareApplied>False<\/MembersCanShareApplied>`)
		m.arr("ModifiedProperties")
		m.change("SharingLinkScope")
		m.end(']')
	}
	if m.one(10) {
		m.raw("SensitivityLabelOwnerEmail", "null")
		m.raw("DataCollection", "{}")
		m.raw("Labels", "[]")
	}
	m.end('}')
}
