// The smallest schema that does the visible work of a chat backend, and its hot statements, as one would write them in
// a day: a message, its display in its channel, and an outbox row, in one statement and one commit.

export const tables = `
  create table person (
    id bigint generated always as identity primary key,
    name text not null unique,
    display_name text not null,
    picture_url text,
    is_guest boolean not null default false,
    online boolean not null default false,
    properties jsonb not null default '{}'
  );
  create table room (
    id bigint generated always as identity primary key,
    name text not null unique,
    properties jsonb not null default '{}',
    last_post_id bigint,
    posts bigint not null default 0
  );
  create table post (
    id bigint generated always as identity primary key,
    room_id bigint not null,
    author_id bigint not null,
    body text not null,
    properties jsonb not null default '{}',
    created_time timestamptz not null default now()
  );
  create index post_of_room on post (room_id, id desc);
  create index post_of_author on post (author_id, id desc);
  create table outbox (
    id bigint generated always as identity primary key,
    room_id bigint not null,
    type text not null,
    post_id bigint not null
  )`

/** As many people, rooms and posts as Chatterie's database has; every second post is in the first room. */
export const contents = `
  insert into person (name, display_name, properties)
  select 'user-' || i, 'User ' || i, jsonb_build_object('team', i % 7, 'city', 'Kampala')
  from generate_series(1, 1000) i;
  insert into room (name, properties)
  select 'channel-' || i, jsonb_build_object('topic', 'number ' || i) from generate_series(1, 1001) i;
  insert into post (room_id, author_id, body, properties, created_time)
  select case i % 2 when 0 then 1 else 2 + (i / 2) % 1000 end, 1 + i % 1000,
         'Number ' || i || ': we will bring coffee and bread for all of us tomorrow if the rain stops',
         jsonb_build_object('client', 'bench', 'nth', i), now() - (100000 - i) * interval '1 second'
  from generate_series(1, 100000) i;
  vacuum (analyze)`

/** The columns of a message, in the order of {@link PostRow}. */
const shown = `
  post.id, post.room_id, post.body, post.properties, post.created_time,
  author.id, author.name, author.display_name, author.picture_url, author.is_guest, author.online, author.properties`

/** Values: room, author's name, body, properties. */
export const sendOne = {
  name: 'send-one',
  text: `
    with author as (
      select * from person where name = $2
    ), post as (
      insert into post (room_id, author_id, body, properties) select $1, id, $3, $4 from author returning *
    ), shown as (
      update room set last_post_id = post.id, posts = posts + 1 from post where room.id = post.room_id
    ), told as (
      insert into outbox (room_id, type, post_id) select room_id, 'created', id from post
    )
    select ${shown} from post, author`,
}

/** Values: arrays of the same; returns the posts in their order. */
export const sendMany = {
  name: 'send-many',
  text: `
    with wanted as materialized (
      select nextval(pg_get_serial_sequence('post', 'id')) as id, given.*
      from unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[])
        with ordinality given (room_id, name, body, properties, place)
    ), post as (
      insert into post (id, room_id, author_id, body, properties) overriding system value
      select wanted.id, room_id, person.id, body, wanted.properties from wanted join person using (name) returning *
    ), shown as (
      update room set last_post_id = new.id, posts = posts + new.count
      from (select room_id, max(id) as id, count(*) from post group by 1) new where room.id = new.room_id
    ), told as (
      insert into outbox (room_id, type, post_id) select room_id, 'created', id from post order by id
    )
    select ${shown} from wanted join post using (id) join person author on author.id = post.author_id order by place`,
}

/** Values: room. */
export const newest = {
  name: 'newest',
  text: `
    select ${shown}
    from (select * from post where room_id = $1 order by id desc limit 25) post
    join person author on author.id = post.author_id order by post.id desc`,
}
