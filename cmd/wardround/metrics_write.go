package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// handler serves the metrics to Prometheus, in a registry of their own.
func (m *meter) handler() http.Handler {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(descriptions chan<- *prometheus.Desc) {
	for _, metric := range metrics() {
		descriptions <- metric.describe()
	}
}

// Collect implements prometheus.Collector. A sample whose metric is not in the
// table is left out.
func (m *meter) Collect(values chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	all := metrics()
	for _, s := range m.samples(ctx) {
		i := slices.IndexFunc(all, func(known metric) bool { return known.name == s.name })
		if i < 0 {
			continue
		}
		kind := prometheus.GaugeValue
		if all[i].kind == counter {
			kind = prometheus.CounterValue
		}
		labels := make([]string, len(s.labels))
		for j, label := range s.labels {
			labels[j] = strings.ToValidUTF8(label, "\ufffd")
		}
		value, err := prometheus.NewConstMetric(all[i].describe(), kind, s.value, labels...)
		if err != nil {
			value = prometheus.NewInvalidMetric(all[i].describe(), err)
		}
		values <- value
	}
}

func (m metric) describe() *prometheus.Desc {
	return prometheus.NewDesc(m.name, m.help, m.labels, nil)
}
