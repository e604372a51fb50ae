package cloud

// twin gives an event the Id of the one before it.
func (m *maker) twin(e event) event {
	m.IntN(90 * 60)
	if m.one(50) {
		m.IntN(48)
	}
	e.hi, e.lo = m.Uint64(), m.Uint64()
	return e
}

// dlp writes a match of a data loss prevention rule, or its undoing, eight
// levels deep.
func (m *maker) dlp(e event, undo bool) {
	operation := "DlpRuleMatch"
	if undo {
		operation = "DlpRuleUndo"
	}
	mail := m.one(2)
	typ, workload := int64(11), "OneDrive"
	if mail {
		typ, workload = 13, "Exchange"
	}
	m.common(e, operation, typ, workload)
	m.guid("IncidentId")
	m.str("ObjectId", `https:\/\/contoso-my.sharepoint.com\/personal\/x\/Documents\/`, pick(m, files))
	m.arr("PolicyDetails")
	m.open('{')
	m.guid("PolicyId")
	m.str("PolicyName", "Schutz personenbezogener Daten")
	m.arr("Rules")
	m.open('{')
	m.raw("Actions", `["BlockAccess","GenerateAlert"]`)
	m.obj("ConditionsMatched")
	m.raw("ConditionMatchedInNewScheme", "true")
	m.arr("OtherConditions")
	m.end(']')
	m.arr("SensitiveInformation")
	for range 1 + m.IntN(2) {
		m.sensitive()
	}
	m.end(']')
	m.end('}')
	m.str("ManagementRuleId", e.user.id)
	m.str("RuleMode", "Enable")
	m.str("RuleName", "IBAN – hohes Volumen")
	m.str("Severity", pick(m, []string{"Low", "Medium", "High"}))
	m.end('}')
	m.end(']')
	m.end('}')
	m.end(']')
	m.flag("SensitiveInfoDetectionIsIncluded", true)
	if mail {
		m.obj("ExchangeMetaData")
		m.str("From", e.user.mail)
		m.arr("To")
		m.item(pick(m, users).mail)
		m.end(']')
		m.raw("CC", "[]")
		m.str("MessageID", "<", e.user.id, "@contoso.com>")
		m.num("RecipientCount", 1)
		m.str("Sent", "2026-01-02T03:04:45.0000000Z")
		m.end('}')
	} else {
		m.obj("SharePointMetaData")
		m.str("From", e.user.mail)
		m.str("FileName", pick(m, files))
		m.str("SiteCollectionUrl", `https:\/\/contoso-my.sharepoint.com`)
		m.num("FileSize", m.Int64N(1<<32))
		m.raw("ViewableByExternalUsers", `""`)
		m.end('}')
	}
	if undo {
		m.obj("ExceptionInfo")
		m.raw("FalsePositive", "true")
		m.str("Justification", "")
		m.end('}')
	}
	m.end('}')
}

func (m *maker) sensitive() {
	m.open('{')
	m.num("Confidence", 85)
	m.num("Count", 1+m.Int64N(40))
	m.str("Location", "Message Body")
	m.guid("SensitiveType")
	m.arr("SensitiveInformationDetailedClassificationAttributes")
	m.element(`{"Confidence":75,"Count":1,"IsMatch":false}`)
	m.element(`{"Confidence":85,"Count":9,"IsMatch":true}`)
	m.end(']')
	m.obj("SensitiveInformationDetections")
	m.arr("DetectedValues")
	for range 1 + m.IntN(3) {
		m.open('{')
		m.token("Name", 22)
		m.str("Value", "IBAN CH93 0076 2011 6238 5295 7 ", pick(m, words))
		m.end('}')
	}
	m.end(']')
	m.flag("ResultsTruncated", false)
	m.end('}')
	m.str("SensitiveInformationTypeName", "International Banking Account Number (IBAN)")
	m.guid("UniqueId")
	m.end('}')
}

// element writes an element that is JSON already.
func (m *maker) element(value string) {
	m.sep()
	m.b = append(m.b, value...)
}
