/** What a calendar shows of goods: how they stand, and when that last changed. Never writes. */
import type { Good } from '@auction/common/good'
import type { Database } from './database.ts'
import { EventRow, GoodRow } from './entities.ts'
import { toGood } from './good-rows.ts'

/** A good and the time of its newest event, epoch ms. */
export interface DatedGood {
  readonly good: Good
  readonly changedAt: number
}

export type CalendarQueries = ReturnType<typeof openCalendarQueries>

/** Opens what calendars read. */
export function openCalendarQueries(database: Database) {
  return {
    /** Those of these goods that there are, by id. */
    async datedGoods(ids: readonly number[]): Promise<DatedGood[]> {
      const em = database.reader.fork()
      const goods = (await em.find(GoodRow, { id: { $in: [...ids] } }, { orderBy: { id: 'asc' } })).map(toGood)
      const heads = goods.map(({ id, seq }) => ({ goodId: id, seq }))
      const events = heads.length === 0 ? [] : await em.find(EventRow, { $or: heads }, { fields: ['goodId', 'at'] })
      const changes = new Map(events.map(({ goodId, at }) => [goodId, at]))
      return goods.map((good) => ({ good, changedAt: changes.get(good.id) ?? good.listedAt }))
    },
  }
}
