// The console when something changes or fails meanwhile: keys act on what the operator sees, failures are shown, and
// nothing is requested in a loop.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { executablePath } from '../browser/chromium.ts'
import type { AdminClient } from '../support/admin.ts'
import { callerOf } from '../support/as-user.ts'
import { createUser, sendMessage } from '../support/factories.ts'
import { upload } from '../support/jobs.ts'
import type { TestServer } from '../support/server.ts'
import { furnish } from './furnish.ts'
import { breakdown, type Console, comeBack, openConsole, password } from './harness.ts'

describe.skipIf(!executablePath)('the console', () => {
  let opened: Console
  let server: TestServer
  let page: Page
  let owner: AdminClient
  let inside: string
  let harbour: number

  beforeAll(async () => {
    opened = await openConsole()
    ;({ server, page, owner, inside } = opened)
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
  const outOfDate = () => page.getByText('This may be out of date. Out of order')

  describe('in a list', () => {
    it('keys act on the open item, though the list begins with another', async () => {
      const open = await say('To be deleted')
      await say('The newest')
      await page.goto(`${inside}/messages?open=${open.id}`)
      await page.locator('.conversation').waitFor()
      await opened.option('The newest').waitFor()
      await page.keyboard.press('d')
      await page.getByRole('dialog').getByText('To be deleted').waitFor()
      await page.keyboard.press('Escape')

      const user = await createUser(server.main, { name: 'zoe', displayName: 'Zoe' })
      await page.goto(`${inside}/users?open=${user.id}`)
      await page.getByRole('complementary').getByRole('heading', { name: 'Zoe' }).waitFor()
      await page.locator('.row').first().waitFor()
      await page.keyboard.press('b')
      await page.getByRole('dialog', { name: 'Ban Zoe?' }).waitFor()
      await page.keyboard.press('Escape')
    })

    it('the selection stays on its item while others arrive before it', async () => {
      await page.goto(`${inside}/users`)
      await opened.option('Ada Lovelace').waitFor()
      await page.keyboard.press('j')
      const chosen = page.locator('.row[data-active=true] strong')
      const name = await chosen.innerText()
      await createUser(server.main, { name: 'aaa', displayName: 'Aaa' })
      await page.keyboard.press('b')
      await page.getByRole('dialog', { name: `Ban ${name}?` }).waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Ban', exact: true }).press('Enter')
      await opened.option('Aaa').waitFor()
      await page.keyboard.press('b')
      await page.getByRole('dialog', { name: `Unban ${name}?` }).waitFor()
      await page.keyboard.press('Escape')
    })

    it('each press of a key moves on, though the address follows later', async () => {
      const said = []
      for (const body of ['One', 'Two', 'Three']) said.push(await say(body))
      await page.goto(`${inside}/messages?open=${said[2]?.id}`)
      await opened.option('Three').waitFor()
      await page.locator('.conversation').waitFor()
      await page.evaluate(`(async () => {
        for (let count = 0; count < 2; count++)
          await document.dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }))
      })()`)
      await page.waitForURL(new RegExp(`open=${said[0]?.id}`))
    })

    it('keys resolve the report whose conversation is open, and close it', async () => {
      const { body: found } = await owner.get(at('/users?query=ada')).expect(200)
      const ada = callerOf(server.main, found.items[0])
      for (const body of ['Reported first', 'Reported last'])
        await reportMessage(server.ctx, ada, (await say(body)).id, { reason: 'Rude' })
      await page.goto(`${inside}/reports`)
      await opened.option('Reported last').click()
      await page.locator('[aria-current=true]', { hasText: 'Reported last' }).waitFor()
      await page.keyboard.press('j')
      await page.locator('[aria-current=true]', { hasText: 'Reported first' }).waitFor()
      await page.keyboard.press('x')
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Reported first').waitFor()
      await dialog.getByRole('button', { name: 'Delete message' }).press('Enter')
      await page.getByRole('complementary').waitFor({ state: 'detached' })
      await opened.option('Reported first').waitFor({ state: 'detached' })
      expect(await opened.option('Reported last').isVisible()).toBe(true)
    })

    it('a page that fails is requested once, and again when the operator says so', async () => {
      for (let count = 0; count < 60; count++)
        await createUser(server.main, { name: `many-${count}`, displayName: `Many ${count}` })
      let asked = 0
      await page.route(/users\?.*cursor/, (route) => {
        asked++
        return route.fulfill(breakdown)
      })
      await page.goto(`${inside}/users`)
      await page.locator('.row').first().waitFor()
      const scrollTo = (top: number) => page.evaluate(`document.querySelector('.list').scrollTop = ${top}`)
      await scrollTo(1e6)
      await outOfDate().waitFor()
      await scrollTo(0)
      await opened.option('Aaa').waitFor()
      await scrollTo(1e6)
      await opened.option('Aaa').waitFor({ state: 'detached' })
      expect(asked).toBe(1)
      await page.unrouteAll()
      await page.getByRole('button', { name: 'Try again' }).click()
      await outOfDate().waitFor({ state: 'detached' })
    })

    it('names are shown on a phone beside long identifiers, and long names fit', async () => {
      const user = await createUser(server.main, {
        displayName: 'W'.repeat(120),
        properties: { a: 'x'.repeat(300) },
      })
      await page.setViewportSize({ width: 390, height: 800 })
      await page.goto(`${server.url}/console/applications`)
      const name = await opened.option('Harbour').locator('strong').boundingBox()
      expect(name?.width).toBeGreaterThan(40)
      await page.goto(`${inside}/users?open=${user.id}`)
      const detail = page.getByRole('complementary')
      await detail.locator('pre').waitFor()
      expect(await detail.evaluate('document.querySelector(".detail").scrollWidth')).toBeLessThanOrEqual(390)
      for (const part of ['h2', 'pre']) {
        const box = await detail.locator(part).boundingBox()
        expect((box?.x ?? 0) + (box?.width ?? 0), part).toBeLessThanOrEqual(390)
      }
      await page.setViewportSize({ width: 1280, height: 800 })
    })
  })

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
    await page.evaluate('{ const real = setInterval; setInterval = (run, ms) => real(run, ms / 20) }')
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

  it('says so where a part of a page could not be loaded', async () => {
    const { id: user } = await createUser(server.main, { displayName: 'Partly' })
    const { body: webhook } = await owner
      .post(at('/webhooks'), { url: 'http://127.0.0.1:9/partly', events: ['user.created'] })
      .expect(201)
    const { body: made } = await owner
      .post(at('/functions'), { name: 'Partly', type: 'user.sent.message' })
      .expect(201)
    await page.route(
      /admin\/.*(users\/\d+\/channels|members|deliveries|invocations|versions|statistics)/,
      (route) => route.fulfill(breakdown),
    )
    for (const path of [
      `users?open=${user}`,
      `channels?open=${harbour}`,
      `webhooks?open=${webhook.id}`,
      `functions?open=${made.id}&tab=runs`,
      `functions?open=${made.id}&tab=versions`,
      'overview',
    ]) {
      await page.goto(`${inside}/${path}`)
      await page.getByRole('alert').filter({ hasText: 'Out of order' }).waitFor()
    }
  })

  it('says that the server cannot be reached, and goes on once it can be', async () => {
    const { id } = await say('Before the outage')
    await page.goto(`${inside}/messages`)
    await opened.option('Before the outage').waitFor()
    await page.context().setOffline(true)
    await opened.option('Before the outage').click()
    const detail = page.getByRole('complementary')
    await detail.getByText('The server cannot be reached.').waitFor()
    const again = detail.getByRole('button', { name: 'Try again' })
    const tried = Promise.withResolvers<void>()
    await page.route('**/admin/v1/**', (route) => tried.promise.then(() => route.abort()))
    await again.press('Enter')
    await again.waitFor({ state: 'detached' })
    await page.evaluate(`{ // what becomes of a query is told by a timer, which comes late on a busy machine
      const { setTimeout } = window
      window.setTimeout = (run, ms = 0, ...values) => setTimeout(run, ms + 200, ...values)
    }`)
    tried.resolve()
    await again.waitFor()
    await page.unroute('**/admin/v1/**')
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Try again')
    await page.context().setOffline(false)
    await page.keyboard.press('Enter')
    await detail.locator('[aria-current=true]', { hasText: 'Before the outage' }).waitFor()
    expect(page.url()).toContain(`open=${id}`)
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main')
  })

  it('shows why a button did nothing, and what does not exist any more', async () => {
    const { body: webhook } = await owner
      .post(at('/webhooks'), { url: 'http://127.0.0.1:9/gone', events: ['user.created'] })
      .expect(201)
    await page.goto(`${inside}/webhooks?open=${webhook.id}`)
    await page.getByRole('button', { name: 'Send a test' }).waitFor()
    await owner.delete(at(`/webhooks/${webhook.id}`)).expect(204)
    await page.getByRole('button', { name: 'Send a test' }).press('Enter')
    await page.locator('.notices .is-bad', { hasText: `webhook ${webhook.id} does not exist` }).waitFor()
    await comeBack(page)
    await page.getByText('Webhook not found').waitFor()
    expect(await page.getByText('This may be out of date').count()).toBe(0)
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

  it('connects live views again that were refused, and marks what they may miss', async () => {
    await page.route('**/admin/**/live', (route) => route.fulfill(breakdown), { times: 1 })
    await page.goto(`${inside}/live`)
    const isLive = page.locator('.badge.good', { hasText: 'Live' })
    await isLive.waitFor()
    expect(await page.getByText('may be missing').count()).toBe(0)
    await page.keyboard.press('p')
    await page.getByText('Paused').waitFor()
    await page.keyboard.press('p')
    await isLive.waitFor()
    await page.getByText('What happened before this may be missing.').waitFor()
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

  it('offers operators who are limited to applications only what is limited, too', async () => {
    const limits = { role: 'owner', applications: [server.main.id] }
    await owner.post('/operators', { username: 'lea', password, ...limits }).expect(201)
    const other = await opened.open()
    await opened.signIn(other, 'lea')
    await other.goto(`${server.url}/console/applications`)
    await other.locator('.row').first().waitFor()
    expect(await other.getByRole('button', { name: /New application/ }).count()).toBe(0)
    await other.goto(`${server.url}/console/keys`)
    await other.getByRole('button', { name: 'New key' }).click()
    await other.getByLabel('Name').fill('nightly')
    await other.keyboard.press('Enter')
    await other.getByText(/^ck_admin_.{20}/).waitFor()
    await other.context().close()
  })
})
