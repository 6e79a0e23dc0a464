// Requests to a webhook that decides are queued in order, however many clients connect at once.
import { expect, it } from 'vitest'
import { Questions } from '#webhooks/questions.ts'

const askedMax = 64
const waitingMax = 1_024
const patient = 60_000

/** Sends the maximum number of concurrent requests, which tests answer later. */
function askMaximum(questions: Questions, webhookId: number) {
  const answers: (() => void)[] = []
  const asked = Array.from({ length: askedMax }, () =>
    questions.ask(webhookId, patient, () => new Promise<void>((resolve) => answers.push(resolve))),
  )
  return { asked, answers }
}

it('the number of concurrent requests to one webhook is limited, others follow in order, and other webhooks are not affected', async () => {
  const questions = new Questions()
  const { asked, answers } = askMaximum(questions, 1)
  const order: number[] = []
  const late = [1, 2].map((nth) => questions.ask(1, patient, async () => order.push(nth)))
  expect(await questions.ask(2, patient, async () => 'asked')).toBe('asked')
  expect(answers).toHaveLength(askedMax)
  expect(order).toEqual([])
  answers[0]?.()
  await Promise.all(late)
  expect(order).toEqual([1, 2])
  for (const answer of answers) answer()
  await Promise.all(asked)
})

it('a request that waits too long is not sent, and takes no place of others', async () => {
  const questions = new Questions()
  const { asked, answers } = askMaximum(questions, 1)
  const impatient = questions.ask(1, 1, () => expect.unreachable('it was asked'))
  expect(await impatient).toBeUndefined()
  const next = questions.ask(1, patient, async () => 'asked')
  for (const answer of answers) answer()
  await Promise.all(asked)
  expect(await next).toBe('asked')
})

it('a request that fails frees its place for the next', async () => {
  const questions = new Questions()
  const { asked, answers } = askMaximum(questions, 1)
  const failing = questions.ask(1, patient, () => Promise.reject(new Error('away')))
  const next = questions.ask(1, patient, async () => 'asked')
  answers[0]?.()
  await expect(failing).rejects.toThrow('away')
  expect(await next).toBe('asked')
  for (const answer of answers) answer()
  await Promise.all(asked)
})

it('requests beyond the maximum that may wait are refused at once', async () => {
  const questions = new Questions()
  const { asked, answers } = askMaximum(questions, 1)
  const waiting = Array.from({ length: waitingMax }, () => questions.ask(1, patient, async () => {}))
  expect(await questions.ask(1, patient, async () => 'asked')).toBeUndefined()
  for (const answer of answers) answer()
  await Promise.all([...asked, ...waiting])
})
