// Reads users, their pictures and their notifications.
import type { ChatKittyApi } from '#migrate/chatkitty/api.ts'
import {
  type NotificationDocument,
  pictureOf,
  type UserDocument,
  userOf,
} from '#migrate/chatkitty/documents.ts'
import { cursorPages, forEach, pages } from '#migrate/chatkitty/lists.ts'
import type { Stage, Step } from '#migrate/source.ts'

/** Number of concurrent requests. */
const atOnce = 4

interface Position {
  page: number
  done: number
}

export function usersStep(api: ChatKittyApi): Step {
  return {
    name: 'users',
    title: 'Reading users',
    unit: 'users',
    async read(stage) {
      let { page: from, done } = stage.resumed<Position>() ?? { page: 0, done: 0 }
      for await (const { items, total, number } of pages<UserDocument>(api, '/users', 'users', {
        from,
        sort: 'id',
      })) {
        await putUsers(api, stage, items)
        from = number + 1
        done += items.length
        await stage.save({ page: from, done } satisfies Position)
        stage.progress(done, total)
      }
    },
  }
}

/** Stores users with their pictures. */
export async function putUsers(
  api: ChatKittyApi,
  stage: Stage,
  users: UserDocument[],
  isDeleted = false,
): Promise<void> {
  const place = (user: UserDocument) => ({ key: String(user.id), place: user.id })
  await stage.put(
    'user',
    users.map((user) => ({ ...place(user), content: userOf(user, isDeleted) })),
  )
  const pictures = users.flatMap((user) => {
    const content = isDeleted ? undefined : pictureOf(user, api.base)
    return content ? [{ ...place(user), content }] : []
  })
  if (pictures.length > 0) await stage.put('picture', pictures)
}

export function notificationsStep(api: ChatKittyApi): Step {
  return {
    name: 'notifications',
    title: 'Reading notifications',
    unit: 'users',
    async read(stage) {
      // Skipped in a dry run, because it takes requests for each user.
      if (stage.isDryRun) return
      let { page: from, done } = stage.resumed<Position>() ?? { page: 0, done: 0 }
      for await (const { items, total, number } of pages<UserDocument>(api, '/users', 'users', {
        from,
        sort: 'id',
      })) {
        await forEach(items, atOnce, async ({ id }) => {
          await readNotifications(api, stage, id)
          stage.progress(++done, total)
        })
        from = number + 1
        await stage.save({ page: from, done } satisfies Position)
      }
    },
  }
}

/** Reads notifications, newest first, back to where an earlier run stopped. */
async function readNotifications(api: ChatKittyApi, stage: Stage, userId: number): Promise<void> {
  const path = `/users/${userId}/notifications`
  for await (const { items } of cursorPages<NotificationDocument>(api, path, 'notifications')) {
    await stage.put(
      'notification',
      items.flatMap(({ id, data, title, body, muted, readTime, createdTime }) => {
        if (data.message === undefined) return []
        const content = {
          recipient: String(userId),
          message: String(data.message.id),
          type: data.type,
          mentionedChannel: data.mentionedChannel && String(data.mentionedChannel.id),
          title,
          body,
          muted,
          readTime,
          createdTime,
        }
        return [{ key: String(id), place: id, content }]
      }),
    )
    if (stage.since !== null && items.every(({ createdTime }) => createdTime < (stage.since as string)))
      return
  }
}
