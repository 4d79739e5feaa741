/** Webhooks, and how far each has come with each good. */
import { Migration } from '@mikro-orm/migrations'

export class Webhooks extends Migration {
  override up(): void {
    const postgres = this.driver.getPlatform().constructor.name.startsWith('Postgre')
    this.addSql(`create table webhooks (
      id bigint primary key, url text not null, secret text not null, good_id bigint references goods, created_at bigint not null,
      enabled bigint not null check (enabled in (0, 1)), failures bigint not null, failing_since bigint, fault text,
      next_try_at bigint not null, holder text not null, lease_until bigint not null)`)
    // Without a row a webhook has seen nothing of the good.
    this.addSql(`create table webhook_cursors (
      webhook_id bigint not null references webhooks, good_id bigint not null references goods, seq bigint not null,
      primary key (webhook_id, good_id))`)
    if (postgres) this.addSql('create sequence webhooks_ids')
  }
}
