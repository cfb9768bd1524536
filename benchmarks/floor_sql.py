"""The statements of the hand-written path: the same rows in the same tables as the service writes, in few statements."""

CREATE_JOBS = """
create table if not exists floor_jobs (
    id bigserial primary key, ticket_id text not null, taken_at timestamptz
);
create index if not exists floor_jobs_free on floor_jobs (id) where taken_at is null;
"""

TAKE_IN = """
with sender as (
    insert into customers (id, tenant, external_id, email, name, created_at)
    values (%(customer)s, 'default', %(customer_external)s, %(email)s, %(name)s, %(now)s)
    on conflict (tenant, external_id) do update set email = excluded.email, name = excluded.name returning id
), ticket as (
    insert into tickets (id, tenant, external_id, customer_id, verification, subject, channel, status, lane, language,
                         seq, pending, wake, beat, created_at, updated_at)
    select %(ticket)s, 'default', %(ticket_external)s, sender.id, 'channel', %(subject)s, %(channel)s, 'new', 'workflow', 'en',
           1, 1, 1, %(now)s, %(now)s, %(now)s
    from sender
    on conflict (tenant, external_id) do update set
        seq = tickets.seq + 1, pending = tickets.pending + 1, updated_at = excluded.updated_at
    returning id, seq
), message as (
    insert into messages (id, ticket_id, external_id, author, text, sent_at, seq, verified, sender, position, created_at)
    select %(message)s, ticket.id, %(message_external)s, 'customer', %(text)s, %(sent_at)s, ticket.seq, true,
           %(customer_external)s, ticket.seq * 1000, %(now)s
    from ticket
    returning id, ticket_id, seq
), delivery as (
    insert into deliveries (tenant, source, webhook_id, body_sha256, ticket_id, message_id, received_at)
    select 'default', 'standard', %(webhook_id)s, %(body_sha256)s, ticket_id, id, %(now)s from message
), event as (
    insert into events (ticket_id, seq, kind, ref, created_at)
    select ticket_id, seq, 'message', id, %(now)s from message
)
insert into floor_jobs (ticket_id) select ticket_id from message returning ticket_id
"""

TAKE_JOBS = """
with free as (select id from floor_jobs where taken_at is null order by id limit %(most)s for update skip locked)
update floor_jobs set taken_at = clock_timestamp() from free where floor_jobs.id = free.id
returning floor_jobs.id, floor_jobs.ticket_id
"""

CLAIM = """
update tickets set fence = fence + 1, attempts = attempts + 1, beat = clock_timestamp()
where id = %(ticket)s and pending > 0 returning fence, journal_seq, journal_head
"""

READ = """
select m.seq, m.text, t.subject, c.name, c.external_id as customer
from tickets t
join customers c on c.id = t.customer_id
join events e on e.ticket_id = t.id and not e.done
join messages m on m.ticket_id = t.id and m.seq = e.seq
where t.id = %(ticket)s order by e.seq limit 1
"""

READ_ORDER = "select doc from shop.orders where shop = 'default' and id = %(order)s and customer_id = %(customer)s"

FINISH = """
with mine as materialized (
    select id, journal_seq from tickets where id = %(ticket)s and fence = %(fence)s for no key update
), done as (
    update events set done = true, done_at = %(now)s from mine
    where events.ticket_id = mine.id and events.seq = %(seq)s and not events.done
    returning mine.id, mine.journal_seq
), reply as (
    insert into messages (id, ticket_id, external_id, author, text, sent_at, position, created_at)
    select %(message)s, done.id, %(message)s, 'bot', %(text)s, %(now)s, %(seq)s * 1000 + 500, %(now)s from done
), entries as (
    select done.id, done.journal_seq + new.place as seq, new.*
    from done, unnest(%(kinds)s::text[], %(hashes)s::text[], %(salts)s::text[], %(payloads)s::text[])
        with ordinality as new(kind, hash, salt, data, place)
), chain as (
    insert into journal (stream, seq, tenant, at, kind, actor, turn, payload_hash, hash)
    select id, seq, 'default', %(now)s, kind, 'bot', %(seq)s, hash, hash from entries
), payloads as (
    insert into journal_payloads (stream, seq, salt, data) select id, seq, salt, data::jsonb from entries
)
update tickets set
    status = 'resolved', flow = 'order_status', state = 'answered', slots = %(slots)s, intent = %(intent)s,
    confidence = %(confidence)s, route_reason = 'confident', pending = pending - 1, attempts = 0, version = version + 1,
    customer_messages = customer_messages + 1, journal_seq = tickets.journal_seq + cardinality(%(kinds)s::text[]),
    journal_head = %(head)s, first_reply_at = coalesce(first_reply_at, %(now)s), resolved_at = %(now)s, updated_at = %(now)s
from done where tickets.id = done.id
"""

END_JOB = "delete from floor_jobs where id = %(job)s"
