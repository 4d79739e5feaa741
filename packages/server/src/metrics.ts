/** What the house counts of itself, for Prometheus: calls, batches, bids, closings, who looks on. No names, no amounts. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Committed } from './store/orders.ts'

export interface Metrics {
  /** A call answered. `route` is its name in the table of routes. */
  called(route: string, status: number, seconds: number): void
  /** A batch of orders committed. */
  committed(orders: number, seconds: number, committed: readonly Committed[]): void
  /** What to ask when somebody scrapes: live connections, orders that wait for the clerk. */
  watch(asked: { watching(): number; waiting(): number }): void
  /** Everything counted, in Prometheus' text format. */
  text(): Promise<{ readonly type: string; readonly body: string }>
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const ORDERS = [1, 2, 4, 8, 16, 32, 64, 128, 256]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const calls = new Histogram({
    name: 'auction_http_seconds',
    help: 'Calls by route and status, in seconds',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  })
  const batches = new Histogram({
    name: 'auction_batch_orders',
    help: 'Orders in one commit',
    buckets: ORDERS,
    registers,
  })
  const commits = new Histogram({
    name: 'auction_commit_seconds',
    help: 'How long a commit takes, in seconds',
    buckets: SECONDS,
    registers,
  })
  const events = new Counter({
    name: 'auction_events_total',
    help: 'Events of goods by type',
    labelNames: ['type'],
    registers,
  })
  const late = new Histogram({
    name: 'auction_closing_late_seconds',
    help: 'How long after its end a good was closed, in seconds',
    buckets: SECONDS,
    registers,
  })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  return {
    called(route, status, seconds) {
      calls.observe({ route, status: String(status) }, seconds)
    },
    committed(orders, seconds, committed) {
      batches.observe(orders)
      commits.observe(seconds)
      for (const { good, events: happened } of committed)
        for (const { type, at } of happened) {
          events.inc({ type })
          if (type === 'sold' || type === 'unsold') late.observe(Math.max(0, (Date.parse(at) - good.endsAt) / 1000))
        }
    },
    watch({ watching, waiting }) {
      gauge('auction_watching', 'Live connections', watching)
      gauge('auction_orders_waiting', 'Orders that wait for the clerk', waiting)
    },
    async text() {
      return { type: registry.contentType, body: await registry.metrics() }
    },
  }
}
