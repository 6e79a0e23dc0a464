// Data retention, and the data of a single person, in the console.
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seriousOf } from '../browser/axe.ts'
import { executablePath } from '../browser/chromium.ts'
import type { AdminClient } from '../support/admin.ts'
import { furnish } from './furnish.ts'
import { type Console, openConsole } from './harness.ts'

describe.skipIf(!executablePath)('the console', () => {
  let opened: Console
  let owner: AdminClient
  let application: string
  beforeAll(async () => {
    opened = await openConsole({ TEST_API: 'on' })
    const { server } = opened
    owner = opened.owner
    application = `/applications/${server.main.id}`
    const clock = supertest(server.url)
    const past = new Date(Date.now() - 40 * 86_400_000).toISOString()
    await clock.put('/_test/clock').send({ now: past }).expect(200)
    await furnish(server)
    await clock.delete('/_test/clock').expect(204)
    await opened.signIn(opened.page, 'ada')
  })
  afterAll(() => opened?.close())
  beforeEach(async () => {
    await opened.page.goto(`${opened.inside}/overview`)
    await opened.heading('Harbour')
  })
  /** The browser logged no errors, and sent no requests to other origins. */
  afterEach(() => expect(opened.complaints.splice(0)).toEqual([]))

  const settings = async () => (await owner.get(`${application}/settings`).expect(200)).body
  const openUser = async (name: string, displayName: string) => {
    const { page, goTo, option } = opened
    await goTo('u', 'Users')
    await page.keyboard.press('/')
    await page.keyboard.type(name)
    await page.keyboard.press('Enter')
    await option(displayName).waitFor()
    await expect.poll(() => page.locator('.row').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.getByRole('complementary').getByRole('heading', { name: displayName }).waitFor()
  }

  it('previews what a retention setting would remove before it is saved, and shows the progress of the removal', async () => {
    const { page, goTo } = opened
    await goTo('s', 'Settings')
    const messages = page.getByLabel('Messages, days', { exact: true })
    await messages.fill('60')
    await messages.press('Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    expect((await settings()).retention).toEqual({ messagesDays: 60 })
    await page.getByRole('button', { name: 'Delete now' }).press('Enter')
    await page.getByText('Nothing is old enough to be deleted').waitFor()

    await messages.fill('30')
    await messages.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Delete older data?' })
    await dialog.getByText(/8 messages will be deleted/).waitFor()
    await page.keyboard.press('Escape')
    expect((await settings()).retention).toEqual({ messagesDays: 60 })
    await messages.press('Enter')
    await dialog.getByRole('button', { name: 'Save and delete' }).press('Enter')
    await expect.poll(async () => (await settings()).retention).toEqual({ messagesDays: 30 })
    await opened.looksWell('settings-retention')

    await page.getByRole('button', { name: 'Delete now' }).press('Enter')
    const removal = page.getByRole('dialog', { name: 'Delete old data now?' })
    await removal.getByText(/This deletes 8 messages/).waitFor()
    expect(await seriousOf(page)).toEqual([])
    await removal.getByRole('button', { name: 'Delete now' }).press('Enter')
    const detail = page.getByRole('complementary')
    await detail.getByRole('heading', { name: 'Retention' }).waitFor()
    await detail.getByText('8 of 8 done').waitFor()
    expect((await owner.get(`${application}/messages`).expect(200)).body.items).toEqual([])

    await page.keyboard.press('Escape')
    await goTo('s', 'Settings')
    await messages.fill('')
    await messages.press('Enter')
    await expect.poll(async () => (await settings()).retention).toEqual({})
  })

  it('refuses an invalid number of days, and saves nothing', async () => {
    const { page, goTo } = opened
    await goTo('s', 'Settings')
    const files = page.getByLabel('Files, days')
    await files.fill('0')
    await files.press('Enter')
    await page.locator('.ages input:invalid').waitFor()
    expect((await settings()).retention).toEqual({})
  })

  it('switches the storage of messages off for all channels, or for one, after a confirmation', async () => {
    const { page, goTo, option } = opened
    const ofChannel = async () => (await owner.get(`${application}/channels?query=night`)).body.items[0]
    await goTo('c', 'Channels')
    await option('Night shift').click()
    const detail = page.getByRole('complementary')
    await detail.getByRole('button', { name: 'Stop keeping messages' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Stop keeping' }).press('Enter')
    await detail.getByText('only delivered').waitFor()
    expect(await ofChannel()).toMatchObject({ messagesPersisted: false })
    expect(await settings()).toMatchObject({ messagesPersisted: true })
    await detail.getByRole('button', { name: 'Keep messages' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Keep messages' }).press('Enter')
    await detail.getByRole('button', { name: 'Stop keeping messages' }).waitFor()

    await page.keyboard.press('Escape')
    await goTo('s', 'Settings')
    const kept = page.getByRole('checkbox', { name: 'Messages are kept' })
    await kept.press('Space')
    await page
      .getByRole('dialog')
      .getByText(/all 3 channels/)
      .waitFor()
    await page.keyboard.press('Escape')
    expect(await kept.isChecked()).toBe(true)
    await kept.press('Space')
    await page.getByRole('dialog').getByRole('button', { name: 'Stop keeping' }).press('Enter')
    await expect.poll(() => kept.isChecked()).toBe(false)
    expect(await ofChannel()).toMatchObject({ messagesPersisted: false })
    await kept.press('Space')
    await page.getByRole('dialog').getByRole('button', { name: 'Keep messages' }).press('Enter')
    await expect.poll(() => kept.isChecked()).toBe(true)
  })

  it('exports the data of a person to a file that is downloaded', async () => {
    const { page } = opened
    await openUser('grace', 'Grace Hopper')
    await opened.looksWell('user-data')
    await page.getByRole('button', { name: 'Export data' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).press('Enter')
    const detail = page.getByRole('complementary')
    await detail.getByRole('heading', { name: 'Person export' }).waitFor()
    const downloading = page.waitForEvent('download')
    await detail.getByRole('link', { name: 'Download the file' }).press('Enter')
    expect((await downloading).suggestedFilename()).toMatch(/\.zip$/)
  })

  it('erases a person after its name was typed, and links to the certificate', async () => {
    const { page } = opened
    await openUser('mallory', 'Mallory')
    const { body } = await owner.get(`${application}/users?query=mallory`).expect(200)
    const { id } = body.items[0]
    await page.getByRole('button', { name: 'Erase person' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Erase Mallory?' })
    await dialog.getByLabel('Their messages').selectOption({ label: 'Delete all of them' })
    await opened.picture('erase-light-1280')
    await dialog.getByLabel('Type “mallory” to confirm').fill('somebody else')
    await page.keyboard.press('Enter')
    await dialog.getByText('This is not the name of the user.').waitFor()
    await owner.get(`${application}/users/${id}`).expect(200)
    expect(await seriousOf(page)).toEqual([])
    await dialog.getByLabel('Type “mallory” to confirm').fill('mallory')
    await page.keyboard.press('Enter')
    const detail = page.getByRole('complementary')
    await detail.getByRole('heading', { name: 'Person erasure' }).waitFor()
    await detail.getByRole('link', { name: 'Certificate in the audit log' }).press('Enter')
    await opened.heading('Audit')
    await opened.option('user.erased').getByText('sha256').waitFor()
    await owner.get(`${application}/users/${id}`).expect(404)
  })

  it('offers viewers none of it', async () => {
    const { inside, open, signIn } = opened
    const page = await open()
    await signIn(page, 'vera')
    await page.goto(`${inside}/users`)
    await page.locator('.row').first().click()
    await page.getByRole('heading', { name: 'Channels' }).waitFor()
    expect(await page.getByRole('button', { name: /Export|Erase/ }).count()).toBe(0)
    await page.goto(`${inside}/channels`)
    await page.locator('.row').first().click()
    await page.getByRole('heading', { name: /^Members/ }).waitFor()
    expect(await page.getByRole('button', { name: /keep/i }).count()).toBe(0)
    await page.context().close()
  })
})
