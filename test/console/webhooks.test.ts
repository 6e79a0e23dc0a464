// Webhooks in the console: their deliveries, and sending them again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executablePath } from '../browser/chromium.ts'
import { Receiver } from '../webhooks/receiver.ts'
import { type Console, openConsole } from './harness.ts'

describe.skipIf(!executablePath)('webhooks in the console', () => {
  let opened: Console
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await Receiver.open()
    opened = await openConsole()
    const { owner } = opened
    const webhook = { url: receiver.url, events: ['user.created'] }
    await owner.post(`/applications/${opened.server.main.id}/webhooks`, webhook).expect(201)
    await opened.signIn(opened.page, 'ada')
  })
  afterAll(async () => {
    await opened?.close()
    receiver?.close()
  })

  it('show the answers of receivers, and resend one delivery or those of a period, with the same id', async () => {
    const { page, inside, goTo, heading, option } = opened
    await page.goto(`${inside}/overview`)
    await heading('Harbour')
    await goTo('w', 'Webhooks')
    await option(receiver.url).waitFor()
    await page.keyboard.press('Enter')
    receiver.answers.push({ status: 200, body: 'Thank you kindly' })
    await page.getByRole('button', { name: 'Send a test' }).press('Enter')
    const delivery = page.locator('details.run', { hasText: 'webhook.test' })
    await delivery.getByText('delivered').waitFor()
    await delivery.locator('summary').press('Enter')
    await delivery.getByText('Thank you kindly').waitFor()
    await opened.looksWell('webhook-deliveries')

    await delivery.getByRole('button', { name: 'Send again' }).press('Enter')
    await expect.poll(() => receiver.received.length).toBe(2)

    await page.getByRole('button', { name: 'Replay' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Replay deliveries?' })
    await dialog.getByLabel('From').fill('2020-01-01T00:00')
    await dialog.getByLabel('State').selectOption({ label: 'Failed' })
    await dialog.getByRole('button', { name: 'Send again' }).press('Enter')
    await page.getByText('0 sent again').waitFor()
    await delivery.getByText('delivered').waitFor()
    await page.getByRole('button', { name: 'Replay' }).press('Enter')
    await dialog.getByLabel('From').fill('2020-01-01T00:00')
    await dialog.getByLabel('State').selectOption({ label: 'Delivered' })
    await dialog.getByRole('button', { name: 'Send again' }).press('Enter')
    await page.getByText('1 sent again').waitFor()
    await expect.poll(() => receiver.received.length).toBe(3)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(opened.complaints.splice(0)).toEqual([])
  })

  it('are changed, and show the new settings at once', async () => {
    const { page } = opened
    await page.getByRole('button', { name: 'Edit' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Edit the webhook' })
    expect(await dialog.getByLabel('URL').inputValue()).toBe(receiver.url)
    await dialog.getByLabel('Events').fill('user.banned, message.forgotten')
    await dialog.getByRole('button', { name: 'Save' }).press('Enter')
    await dialog
      .getByRole('alert')
      .filter({ hasText: /events/ })
      .waitFor()
    await dialog.getByLabel('Events').fill('user.created, message.created')
    await dialog.getByLabel('Description').fill('Of the harbour')
    await dialog.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText('The webhook is saved').waitFor()
    await page.locator('.row-text', { hasText: 'Of the harbour' }).waitFor()
    await page.getByText('user.created, message.created').waitFor()
    // The first save was refused with 400, which the browser logs.
    expect(opened.complaints.splice(0).filter((each) => !each.includes('400'))).toEqual([])
  })
})
