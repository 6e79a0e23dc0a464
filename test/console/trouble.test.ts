// The console when something changes or fails meanwhile: keys act on what the operator sees, failures are shown,
// nothing is requested in a loop, and nothing typed is lost.
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { executablePath } from '../browser/chromium.ts'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { sendMessage } from '../support/factories.ts'
import { upload } from '../support/jobs.ts'
import type { TestServer } from '../support/server.ts'
import { furnish } from './furnish.ts'
import { type Console, openConsole, password } from './harness.ts'

describe.skipIf(!executablePath)('the console', () => {
  let opened: Console
  let server: TestServer
  let page: Page
  let owner: AdminClient
  let inside: string
  let harbour: number

  beforeAll(async () => {
    opened = await openConsole()
    ;({ server, page, inside } = opened)
    owner = await createAdmin(server, 'owner')
    harbour = (await furnish(server)).id
    await opened.signIn(page, 'ada')
  })
  afterAll(() => opened?.close())
  afterEach(async () => {
    await page.context().setOffline(false)
    await page.unrouteAll()
    // Browsers log every answer that is not 2xx.
    expect(opened.complaints.splice(0).filter((each) => !/Failed to load/.test(each))).toEqual([])
  })

  const at = (path: string) => `/applications/${server.main.id}${path}`
  const say = (body: string) => sendMessage(server.main, harbour, { body, user: { username: 'ada' } })
  const breakdown = { status: 503, contentType: 'application/json', body: '{"message":"Out of order"}' }
  const outOfDate = () => page.getByText('This may be out of date. Out of order')

  it('shows the progress of a job above its errors, and how many of them are listed', async () => {
    const items = Array.from({ length: 120 }, () => ({ name: 'wrong name', displayName: 7 }))
    await upload(server.main, 'users', JSON.stringify(items)).expect(202)
    await page.goto(`${inside}/jobs`)
    await opened.option('120 of 120 done').click()
    const detail = page.getByRole('complementary')
    await detail.getByText('Only the first 100 of 120 are kept.').waitFor()
    const progress = await detail.getByText('120 of 120 done, 120 failed').boundingBox()
    expect(progress?.height).toBeGreaterThan(10)
  })

  it('keeps what is shown, and says that it may be out of date, while the server fails', async () => {
    const { body: webhook } = await owner
      .post(at('/webhooks'), { url: 'http://127.0.0.1:9/nothing', events: ['user.created'] })
      .expect(201)
    await page.goto(`${inside}/webhooks?open=${webhook.id}`)
    const test = page.getByRole('button', { name: 'Send a test' })
    await test.waitFor()
    await page.route(/webhooks.*deliveries/, (route) => route.fulfill(breakdown))
    await test.press('Enter')
    await outOfDate().waitFor()
    await page.route(/\/webhooks\/\d+$/, (route) => route.fulfill(breakdown))
    await test.press('Enter')
    await outOfDate().waitFor()
    expect(await test.isVisible()).toBe(true)
    await page.unrouteAll()
    await outOfDate().waitFor({ state: 'detached' })
  })

  it('says that the server cannot be reached, and goes on once it can be', async () => {
    const { id } = await say('Before the outage')
    await page.goto(`${inside}/messages`)
    await opened.option('Before the outage').waitFor()
    await page.context().setOffline(true)
    await opened.option('Before the outage').click()
    const detail = page.getByRole('complementary')
    await detail.getByText('The server cannot be reached.').waitFor()
    await page.context().setOffline(false)
    await detail.getByRole('button', { name: 'Try again' }).click()
    await detail.locator('[aria-current=true]', { hasText: 'Before the outage' }).waitFor()
    expect(page.url()).toContain(`open=${id}`)
  })

  it('shows why a button did nothing', async () => {
    const { body: webhook } = await owner
      .post(at('/webhooks'), { url: 'http://127.0.0.1:9/gone', events: ['user.created'] })
      .expect(201)
    await page.goto(`${inside}/webhooks?open=${webhook.id}`)
    await page.getByRole('button', { name: 'Send a test' }).waitFor()
    await owner.delete(at(`/webhooks/${webhook.id}`)).expect(204)
    await page.getByRole('button', { name: 'Send a test' }).press('Enter')
    await page.locator('.notices .is-bad', { hasText: `webhook ${webhook.id} does not exist` }).waitFor()
  })

  it('asks nobody to sign in again because the server fails', async () => {
    await page.goto(`${inside}/overview`)
    await opened.heading('Harbour')
    await page.route('**/admin/v1/session', (route) => route.fulfill(breakdown))
    await page.reload()
    await page.getByText('This could not be loaded').waitFor()
    expect(await page.getByLabel('Password').count()).toBe(0)
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).click()
    await opened.heading('Harbour')
  })

  it('says so where a script is not served any more, as after an upgrade', async () => {
    const { body: made } = await owner
      .post(at('/functions'), { name: 'Later', type: 'user.sent.message' })
      .expect(201)
    await page.goto(`${inside}/functions`)
    await opened.option('Later').waitFor()
    await page.route('**/assets/editor-*', (route) => route.fulfill({ status: 404, body: '' }))
    await opened.option('Later').click()
    await page.getByText('This page could not be shown').waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.locator('.cm-content').waitFor()
    expect(page.url()).toContain(`open=${made.id}`)
    expect(opened.complaints.splice(0)).not.toEqual([])
  })

  it('names the application in the address, and says that it does not exist', async () => {
    await page.goto(`${server.url}/console/a/987654/overview`)
    await page.getByText('application 987654 does not exist').waitFor()
    const switcher = page.getByLabel('Application', { exact: true })
    expect(await switcher.locator('option:checked').innerText()).toBe('Application 987654')
  })

  it('shows the operator at once what a new role does not permit', async () => {
    const { body: made } = await owner
      .post('/operators', { username: 'dora', password, role: 'developer' })
      .expect(201)
    const other = await opened.open()
    await opened.signIn(other, 'dora')
    await other.goto(`${inside}/webhooks`)
    await other.getByRole('button', { name: 'New webhook' }).waitFor()
    await owner.patch(`/operators/${made.id}`, { role: 'viewer' }).expect(200)
    await other.keyboard.press('g')
    await other.keyboard.press('f')
    await other.getByText('Your role does not permit this').waitFor()
    expect(await other.getByRole('link', { name: /Webhooks/ }).count()).toBe(0)
    await other.goto(`${inside}/settings`)
    await other.getByText('Your role does not permit this').waitFor()
    await other.context().close()
  })
})
