package health

// Metric describes a counter that is kept for each tenant and content type.
type Metric struct {
	Name string // by Prometheus' conventions, without the namespace
	Help string // one sentence
}
