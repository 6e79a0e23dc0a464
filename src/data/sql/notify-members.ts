// Writes notifications of new messages to absent members, and advances the tasks. Indexes: the primary key of
// channel_membership, from where the last batch of the channel ended; chat_session (channel_id, state), user_session
// (user_id, state) and user_session_ended. Notifying 500 members of a channel of 100,000, with every tenth of them
// connected, takes 20 to 40 ms.
import { column, int8, select } from '#data/columns.ts'
import { keptMinutes } from '#data/events/limits.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import { askForRunsOfNotificationsParts } from '#data/sql/ask-for-runs.ts'
import type { EventType } from '#resources/events.ts'

const notifiedColumns = select({
  tasks: column(int8, '(select count(*) from task)'),
  published: column(int8, '(select count(*) from published)'),
  asked: column(int8, '(select count(*) from asked)'),
  moved: column(int8, '(select count(*) from moved)'),
})
/**
 * Not prepared: a plan made before any user had connected would read all sessions for each member, 258 ms a batch
 * instead of 1.2 ms. Values: $1 how many messages, $2 how many members of each, $3 only this message.
 */
export const notifyMembersStatement = {
  columns: notifiedColumns,
  text: `
    with task as materialized (
      select * from notification_task where $3::bigint is null or message_id = $3
      order by message_id limit $1::int for update skip locked
    ), announced as materialized (
      select m.id, m.application_id, m.channel_id, m.user_id, m.parent_id, m.mentions, t.after_user_id, a.display_name as author,
             coalesce(m.body, 'File attachment') as content
      from task t join message m on m.id = t.message_id and ${isKept('m')} left join "user" a on a.id = m.user_id
    ), member as materialized (
      select announced.*, cm.user_id as recipient_id, cm.muted
      from announced cross join lateral (
        select user_id, muted from channel_membership c
        where c.channel_id = announced.channel_id and c.user_id > announced.after_user_id
        order by user_id limit $2::int
      ) cm
    ), absent as materialized (
      select * from member m
      where m.recipient_id is distinct from m.user_id
        and not exists (
          select from chat_session cs join user_session us on us.id = cs.session_id
          where cs.channel_id = m.channel_id and cs.state = 'ACTIVE'
            and us.user_id = m.recipient_id and us.state = 'ACTIVE')
        and not exists (
          select from user_block b where b.blocker_id = m.recipient_id and b.blocked_id = m.user_id)
    ), mention as materialized (
      select distinct announced.id as message_id, (x ->> 'id')::bigint as id, x ->> 'type' as type
      from announced, jsonb_array_elements(announced.mentions) x where announced.mentions is not null
    ), reason as (
      select id, recipient_id, muted, content, null::bigint as mentioned_channel_id,
             (case when user_id is null then 'SYSTEM_SENT_MESSAGE' else 'USER_SENT_MESSAGE' end)::notification_type as type,
             case when user_id is null then 'System message sent' else author || ' sent a message' end as title
      from absent
      union all
      select a.id, recipient_id, muted, content, null, 'USER_REPLIED_TO_MESSAGE', author || ' replied to a message'
      from absent a join message parent on parent.id = a.parent_id and parent.user_id = a.recipient_id
      where a.user_id is not null
      union all
      select a.id, recipient_id, muted, content, null, 'USER_MENTIONED_USER', author || ' mentioned you'
      from absent a join mention on mention.message_id = a.id and mention.type = 'USER' and mention.id = a.recipient_id
      where a.user_id is not null
      union all
      select a.id, recipient_id, a.muted, content, c.id, 'USER_MENTIONED_CHANNEL', author || ' mentioned ' || c.display_name
      from absent a join mention on mention.message_id = a.id and mention.type = 'CHANNEL'
      join channel c on c.id = mention.id
      join channel_membership cm on cm.channel_id = c.id and cm.user_id = a.recipient_id
      where a.user_id is not null
    ), written as (
      insert into notification (recipient_id, message_id, type, mentioned_channel_id, title, body, muted)
      select recipient_id, id, type, mentioned_channel_id, title, content, muted from reason order by id, recipient_id, type
      on conflict (message_id, recipient_id, type) do nothing
      returning id, recipient_id, message_id
    ), published as (
      insert into outbox_event (application_id, type, payload)
      select announced.application_id, '${'notification.created' satisfies EventType}',
             jsonb_build_object('notificationId', w.id, 'userId', w.recipient_id)
      from written w join announced on announced.id = w.message_id
      where exists (select from user_session us where us.user_id = w.recipient_id and us.state = 'ACTIVE')
        or exists (
          select from user_session us
          where us.user_id = w.recipient_id and us.end_time > chatterie_clock() - interval '${keptMinutes} minutes')
      order by w.id
      returning 1
    ), ${askForRunsOfNotificationsParts}, progress as (
      select t.message_id, count(m.id) as members, max(m.recipient_id) as last
      from task t left join member m on m.id = t.message_id group by t.message_id
    ), moved as (
      update notification_task t set after_user_id = p.last
      from progress p where p.message_id = t.message_id and p.members = $2
      returning 1
    ), done as (
      delete from notification_task t using progress p where p.message_id = t.message_id and p.members < $2
    )
    select ${notifiedColumns.text}`,
}
