/** Every table of the first release, for SQLite and PostgreSQL alike. */
import { Migration } from '@mikro-orm/migrations'

export class FirstSale extends Migration {
  override up(): void {
    const postgres = this.driver.getPlatform().constructor.name.startsWith('Postgre')
    const blob = postgres ? 'bytea' : 'blob'
    const ownId = postgres ? 'bigint generated always as identity primary key' : 'integer primary key autoincrement'
    this.addSql(`create table house (
      id bigint primary key check (id = 1), currency text not null, epoch text not null, code text, created_at bigint not null)`)
    this.addSql(`create table users (
      id bigint primary key, nick text not null, skeleton text not null unique, password_hash text not null,
      role text not null check (role in ('member', 'house')), created_at bigint not null)`)
    this.addSql(`create table sessions (
      token_hash text primary key, user_id bigint not null references users, created_at bigint not null,
      used_at bigint not null, expires_at bigint not null)`)
    this.addSql(`create table pictures (
      id text primary key, type text not null, width bigint not null, height bigint not null, bytes ${blob} not null)`)
    this.addSql(`create table goods (
      id bigint primary key, owner_id bigint not null references users, owner_nick text not null,
      name text not null, description text not null, search text not null, image text references pictures,
      currency text not null, start_price bigint not null, reserve bigint, increment text not null,
      soft_close_ms bigint not null, listed_at bigint not null, ends_at bigint not null, hard_ends_at bigint not null,
      premium_bp bigint not null, commission_bp bigint not null,
      status text not null check (status in ('open', 'sold', 'unsold', 'bought', 'cancelled')),
      seq bigint not null, head text not null, price bigint, sort_price bigint not null,
      leader_id bigint references users, leader_nick text, max bigint, bid_count bigint not null,
      winner_id bigint references users, winner_nick text)`)
    this.addSql(`create table bids (
      id bigint primary key, good_id bigint not null references goods, seq bigint not null, bidder_id bigint not null references users,
      bidder_nick text not null, amount bigint not null, max bigint not null, message text, at bigint not null)`)
    this.addSql(`create table events (
      good_id bigint not null references goods, seq bigint not null, type text not null, at bigint not null,
      data text not null, secret text, hash text not null, primary key (good_id, seq))`)
    this.addSql(
      `create table accounts (id text primary key, balance bigint not null, check (balance >= 0 or id = 'world'))`,
    )
    this.addSql(`create table entries (
      id ${ownId}, key text not null unique, debit text not null references accounts, credit text not null references accounts,
      user_id bigint not null references users, payee_id bigint references users,
      amount bigint not null check (amount > 0), kind text not null, good_id bigint references goods, at bigint not null)`)
    this.addSql(`create table keys (
      scope bigint not null, key text not null, fingerprint text not null, answer text not null, at bigint not null, primary key (key, scope))`)
    for (const [table, columns] of [
      ['goods', 'status, ends_at, id'],
      ['goods', 'owner_id, id'],
      ['goods', 'leader_id, status'],
      ['goods', 'winner_id, id'],
      ['bids', 'good_id, id'],
      ['bids', 'bidder_id, good_id, max'],
      ['entries', 'user_id, id'],
      ['entries', 'payee_id, id'],
    ] as const) {
      // Every index is a page more that a bid touches: what is rarely there is left out of its index.
      const where = columns.startsWith('payee_id') ? ' where payee_id is not null' : ''
      this.addSql(`create index ${table}_by_${columns.replaceAll(', ', '_')} on ${table} (${columns})${where}`)
    }
    if (postgres) for (const table of ['users', 'goods', 'bids']) this.addSql(`create sequence ${table}_ids`)
  }
}
