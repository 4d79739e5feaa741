/** Buy-now, rooms, second chances, bids that no longer stand, invites, the outage rule; for SQLite and PostgreSQL alike. */
import { Migration } from '@mikro-orm/migrations'

export class EveryRule extends Migration {
  override up(): void {
    const postgres = this.driver.getPlatform().constructor.name.startsWith('Postgre')
    for (const column of [
      'buy_now bigint',
      'room_password text',
      'capacity bigint',
      'relist_of bigint references goods',
      'offered_to_id bigint references users',
      'offered_to_nick text',
    ])
      this.addSql(`alter table goods add column ${column}`)
    this.addSql(
      `alter table bids add column removed text check (removed is null or removed in ('retracted', 'cancelled', 'lapsed'))`,
    )
    this.addSql('alter table house add column alive_at bigint')
    this.addSql(`create table invites (
      code_hash text primary key, created_at bigint not null, expires_at bigint not null, used_by_id bigint references users)`)
    this.addSql(`create table chat_lines (
      id bigint primary key, good_id bigint not null references goods, author_id bigint not null references users,
      author_nick text not null, text text, picture_id text references pictures, at bigint not null,
      removed_by_id bigint references users, removed_by_nick text)`)
    this.addSql('create index chat_lines_by_good_id_id on chat_lines (good_id, id)')
    this.addSql('create index goods_by_relist_of on goods (relist_of) where relist_of is not null')
    // What the whole house hears of is rare among bids, which this index leaves alone.
    this.addSql(
      `create index events_of_house on events (at) where type in ('listed', 'sold', 'bought', 'unsold', 'cancelled')`,
    )
    if (postgres) this.addSql('create sequence chat_lines_ids')
  }
}
