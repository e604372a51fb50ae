package cloud

// general writes a record of one of the workloads without a content type of
// their own.
func (m *maker) general(e event) {
	switch n := m.IntN(40); {
	case n < 14:
		m.teams(e)
	case n < 20:
		m.copilot(e)
	case n < 25:
		m.yammer(e)
	case n < 30:
		m.label(e)
	case n < 34:
		m.alert(e)
	case n < 39:
		m.unknown(e)
	default:
		m.teamsAdmin(e)
	}
}

func (m *maker) teams(e event) {
	m.common(e, pick(m, []string{"MessageSent", "MessageRead", "MeetingDetail", "TeamCreated", "MemberAdded", "ChatCreated"}), 25, "MicrosoftTeams")
	m.str("AADGroupId", e.user.id)
	m.key("ChatThreadId")
	m.b = append(m.b, `"19:`...)
	m.chars(40)
	m.b = append(m.b, `@thread.v2"`...)
	m.str("CommunicationType", pick(m, []string{"Team", "GroupChat", "OneOnOne"}))
	m.obj("ExtraProperties")
	m.str("TimeZone", "Europe\\/Zürich")
	m.str("OsName", "windows")
	m.end('}')
	m.arr("Members")
	for range 1 + m.IntN(4) {
		u := pick(m, users)
		m.open('{')
		m.str("DisplayName", u.upn)
		m.num("Role", int64(m.IntN(3)))
		m.str("UPN", u.upn)
		m.end('}')
	}
	m.end(']')
	m.num("MessageId", 1715187560311+m.Int64N(1<<36))
	m.str("MessageVersion", "0")
	m.str("TeamName", "Projekt „Nordlicht“ \\ud83d\\ude80")
	m.guid("TeamGuid")
	m.raw("MessageSizeInBytes", pick(m, []string{"26.0", "-1.0", "1337.0", "412.5", "0.0"}))
	m.arr("MessageURLs")
	for range m.IntN(3) {
		m.item(`https:\/\/contoso.example.com\/%7Bid%7D?x=1&y=\u0026`)
	}
	m.end(']')
	m.str("ItemName", "General\\u200b")
	m.arr("ResourceTenantId")
	m.item(e.tenant)
	m.end(']')
	m.end('}')
}

func (m *maker) copilot(e event) {
	m.common(e, "CopilotInteraction", 261, "Copilot")
	m.str("ClientRegion", "CH")
	m.obj("CopilotEventData")
	m.arr("AISystemPlugin")
	if m.one(2) {
		m.open('{')
		m.str("Id", "BingWebSearch")
		m.str("Name", "BuiltIn")
		m.end('}')
	}
	m.end(']')
	m.arr("AccessedResources")
	for range m.IntN(4) {
		m.open('{')
		m.str("Action", "Read")
		m.token("Id", 80)
		m.str("Name", pick(m, files))
		m.str("SiteUrl", `https:\/\/contoso.sharepoint.com\/`, pick(m, sites), `\/Shared%20Documents\/x?web=1`)
		m.str("Type", "docx")
		m.end('}')
	}
	m.end(']')
	m.str("AppHost", pick(m, []string{"Word", "Bing", "Teams"}))
	m.arr("Contexts")
	m.end(']')
	m.arr("Messages")
	for i := range 2 * int64(1+m.IntN(2)) {
		m.open('{')
		m.str("Id", "1715187560311")
		m.flag("isPrompt", i%2 == 0)
		m.end('}')
	}
	m.end(']')
	m.raw("ModelTransparencyDetails", `[{"ModelName":"DEEP_LEO"}]`)
	m.token("ThreadId", 50)
	m.end('}')
	m.end('}')
}

// yammer has integers beyond 32 bits, and beyond 53.
func (m *maker) yammer(e event) {
	m.common(e, pick(m, []string{"MessageCreated", "GroupCreation", "FileVisited"}), 22, "Yammer")
	m.str("ActorUserId", e.user.upn)
	m.num("ActorYammerUserId", 1<<40+m.Int64N(1<<40))
	m.num("YammerNetworkId", 1<<33+m.Int64N(1<<30))
	m.num("MessageId", 1<<53+1+m.Int64N(1<<61))
	m.num("ThreadOffset", -1-m.Int64N(1<<40))
	m.str("FileId", "9007199254740993")
	m.raw("GroupName", pick(m, []string{`"All Company"`, `null`, `""`}))
	m.flag("IsSoftDelete", m.one(2))
	m.key("MessageBody")
	m.b = append(m.b, '"')
	m.sentence(30 + m.IntN(60))
	m.b = append(m.b, '"')
	m.end('}')
}

func (m *maker) label(e event) {
	m.common(e, pick(m, []string{"Discover", "Access", "SensitivityLabelApplied", "HeartBeat"}), pick(m, []int64{93, 94, 95, 97}), "Aip")
	m.obj("SensitivityLabelEventData")
	if m.one(2) {
		m.guid("SensitivityLabelId")
	}
	m.end('}')
	m.raw("SensitiveInfoTypeData", "[]")
	m.obj("ProtectionEventData")
	m.str("ProtectionType", "Template")
	m.guid("TemplateId")
	m.flag("IsProtected", true)
	m.str("ProtectionOwner", e.user.upn)
	m.end('}')
	m.obj("Common")
	m.guid("ApplicationId")
	m.str("ApplicationName", "Microsoft Azure Information Protection Word Add-In")
	m.str("ProcessName", "WINWORD")
	m.num("Platform", 1)
	m.str("DeviceName", "WinDev2210Eval")
	m.str("ProductVersion", "2.14.90.0")
	m.end('}')
	m.str(pick(m, []string{"Data State", "DataState"}), "Use")
	m.str("ObjectId", `C:\\Users\\User\\OneDrive - contoso\\`, pick(m, files))
	m.num("Scope", 1)
	m.end('}')
}

func (m *maker) alert(e event) {
	m.common(e, "AlertTriggered", 40, "SecurityComplianceCenter")
	m.guid("AlertId")
	m.str("AlertType", "System")
	m.str("Category", "ThreatManagement")
	m.str("Comments", "New alert")
	m.str("Data", `{\"etype\":\"User\",\"eid\":\"`, e.user.upn, `\",\"ts\":\"2026-01-02T03:04:05.0000000Z\",\"te\":\"9\/30\/2024 6:16:41 AM\",\"op\":\"MailItemsAccessed\",\"lon\":\"Mehrere Ereignisse\"}`)
	m.str("EntityType", "User")
	m.str("Name", "Unusual volume of file deletion – Übersicht")
	m.guid("PolicyId")
	m.str("Severity", pick(m, []string{"Low", "Medium", "High", "Informational"}))
	m.str("Source", "Office 365 Security & Compliance")
	m.str("Status", "Active")
	m.key("Description")
	m.b = append(m.b, '"')
	m.sentence(20 + m.IntN(50))
	m.b = append(m.b, '"')
	m.end('}')
}

// unknown has a record type that no table holds yet.
func (m *maker) unknown(e event) {
	m.common(e, "SomethingNew", 900+int64(m.IntN(5)), "NewWorkload")
	if m.one(2) {
		m.raw("Message", `{"Text":"of tomorrow","Parts":[[],[1,[2,[3]]],{}]}`)
	} else {
		m.str("Message", "[10.11.12.13] {not JSON}")
	}
	m.raw("Ratio", pick(m, []string{"0.25", "1.5e3", "-0.001", "1E-7", "99.5"}))
	m.key("Details")
	m.b = append(m.b, '"')
	m.sentence(40 + m.IntN(80))
	m.b = append(m.b, '"')
	m.end('}')
}

// teamsAdmin has a new value that is huge now and then.
func (m *maker) teamsAdmin(e event) {
	m.common(e, "TeamsTenantSettingChanged", 57, "MicrosoftTeams")
	n := 60 + m.IntN(100)
	if m.one(20) {
		n = 3000 + m.IntN(22000)
	}
	m.arr("ModifiedProperties")
	m.open('{')
	m.str("Name", "Policy")
	m.key("NewValue")
	m.b = append(m.b, '"')
	m.sentence(n)
	m.b = append(m.b, '"')
	m.str("OldValue", "")
	m.end('}')
	m.end(']')
	m.end('}')
}
