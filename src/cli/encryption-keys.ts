import { withContext } from '#cli/context.ts'
import { type Output, print } from '#cli/output.ts'
import { resealAll } from '#domain/keys/reseal-all.ts'

export async function reseal(options: { dropUnreadable?: boolean }, output: Output): Promise<void> {
  const done = await withContext((ctx) => resealAll(ctx, options.dropUnreadable === true))
  if (done.unreadable > 0 && !options.dropUnreadable) {
    throw new Error(
      `${done.unreadable} secrets cannot be read with these keys and were left as they are (--drop-unreadable gives them up); ${done.resealed} others were sealed with the key ${done.key}`,
    )
  }
  print(
    output,
    done,
    [
      `${done.resealed} secrets were resealed: all are now sealed with the key ${done.key}.`,
      ...(done.unreadable > 0 ? [`${done.unreadable} could not be read and were skipped.`] : []),
      ...(done.forgotten.length > 0 ? [`No longer needed: ${done.forgotten.join(', ')}.`] : []),
    ].join('\n'),
  )
}
