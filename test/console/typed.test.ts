// What is typed into the console, whatever else happens meanwhile: nothing of it is lost, and it is saved as it was typed.
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { executablePath } from '../browser/chromium.ts'
import type { AdminClient } from '../support/admin.ts'
import { createUser } from '../support/factories.ts'
import type { TestServer } from '../support/server.ts'
import { furnish } from './furnish.ts'
import { breakdown, type Console, comeBack, openConsole, password } from './harness.ts'

describe.skipIf(!executablePath)('the console', () => {
  let opened: Console
  let server: TestServer
  let page: Page
  let owner: AdminClient
  let inside: string

  beforeAll(async () => {
    opened = await openConsole()
    ;({ server, page, owner, inside } = opened)
    await furnish(server)
    await opened.signIn(page, 'ada')
  })
  afterAll(() => opened?.close())
  afterEach(async () => {
    await page.unrouteAll()
    // Browsers log every answer that is not 2xx.
    expect(opened.complaints.splice(0).filter((each) => !/Failed to load/.test(each))).toEqual([])
  })

  const at = (path: string) => `/applications/${server.main.id}${path}`

  it('keeps a time while its year is typed, digit by digit', async () => {
    await page.goto(`${inside}/messages?from=2026-10-05T09:30:00.000Z`)
    const from = page.getByLabel('From')
    await from.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.type('2025')
    await page.waitForURL(/from=2025-10-05T09%3A30/)
    expect(await from.inputValue()).toBe('2025-10-05T11:30')
  })

  it('keeps both filters where one is changed while the other is typed', async () => {
    await page.goto(`${inside}/users`)
    await page.getByLabel('Bans').waitFor()
    // Both at the same moment: a search waits until nothing more is typed.
    await page.evaluate(`
      for (const [label, value, type] of [['Search users', 'grace', 'input'], ['Bans', 'false', 'change']]) {
        const field = document.querySelector('[aria-label="' + label + '"]')
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, value)
        field.dispatchEvent(new Event(type, { bubbles: true }))
      }`)
    await page.waitForURL(/query=grace/)
    expect(page.url()).toContain('banned=false')
  })

  it('keeps what is typed in a script while the draft is saved, and warns in other sections', async () => {
    const { body: made } = await owner
      .post(at('/functions'), { name: 'Echo', type: 'user.sent.message' })
      .expect(201)
    await page.goto(`${inside}/functions?open=${made.id}`)
    const editor = page.locator('.cm-content')
    await editor.focus()
    await page.keyboard.type('// one')
    const { promise: isFinished, resolve: finish } = Promise.withResolvers<void>()
    await page.route('**/draft', async (route) => {
      if (route.request().method() === 'PUT') await isFinished
      await route.continue()
    })
    const saving = page.waitForRequest((request) => request.method() === 'PUT')
    await page.keyboard.press('Control+s')
    await saving
    await page.keyboard.type(' two')
    await page.getByRole('button', { name: 'Switch off' }).click()
    await page.getByText('Switched off').waitFor()
    finish()
    await page.getByText('The draft is saved').waitFor()
    await page.getByText('Not saved').waitFor()
    expect(await editor.innerText()).toContain('// one two')
    await page.getByRole('button', { name: 'All functions' }).click()
    await opened.option('Echo').getByText('Not saved').waitFor()
    const leaving = page.waitForEvent('dialog')
    void page.reload().catch(() => undefined)
    const dialog = await leaving
    expect(dialog.type()).toBe('beforeunload')
    await dialog.accept()
    await opened.heading('Functions')
  })

  it('keeps changes of the look apart from those that others save', async () => {
    await page.goto(`${inside}/look`)
    await page.getByLabel('React to messages').uncheck()
    await owner.put(at('/ui/styles'), { settings: { 'base-theme': 'dark' } }).expect(200)
    page.once('dialog', (dialog) => dialog.dismiss())
    await page.keyboard.press('g')
    await page.keyboard.press('u')
    expect(await page.getByLabel('React to messages').isChecked()).toBe(false)
    const refetched = page.waitForResponse(/\/ui$/)
    await comeBack(page)
    await refetched
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved: open chats have changed').waitFor()
    const { body } = await owner.get(at('/ui')).expect(200)
    expect(body.styles['base-theme']).toBe('dark')
  })

  it('keeps changes of the look that are not valid yet, could not be saved, or are made while others are saved', async () => {
    await page.goto(`${inside}/look`)
    const templates = page.getByLabel('Templates, as JSON')
    const save = page.getByRole('button', { name: 'Save' })
    await templates.fill('{"unfinished":')
    page.once('dialog', (dialog) => dialog.dismiss())
    await page.getByRole('link', { name: /Users/ }).click()
    expect(await templates.inputValue()).toBe('{"unfinished":')
    await page.getByRole('button', { name: 'Discard changes' }).click()
    expect(await templates.inputValue()).toBe('')

    await page.getByLabel('See who is typing').uncheck()
    await page.route('**/ui/features', (route) => route.fulfill(breakdown))
    await save.click()
    await page.locator('.notices .is-bad', { hasText: 'Out of order' }).waitFor()
    await page.unrouteAll()
    const { promise: isFinished, resolve: finish } = Promise.withResolvers<void>()
    await page.route('**/ui/features', (route) => isFinished.then(() => route.continue()))
    const saving = page.waitForRequest(/features$/)
    await save.click()
    await saving
    await page.getByLabel('Stylesheet').fill('/* meanwhile */')
    finish()
    await page.getByText('Saved: open chats have changed').waitFor()
    expect(await page.getByLabel('Stylesheet').inputValue()).toBe('/* meanwhile */')
    expect(await page.getByLabel('See who is typing').isChecked()).toBe(false)
    await page.getByRole('button', { name: 'Discard changes' }).click()
    expect(await page.getByLabel('See who is typing').isChecked()).toBe(false)
  })

  it('covers what is typed when a session ends, and shows it to the same operator only', async () => {
    const other = await opened.open()
    for (const username of ['away', 'somebody'])
      await owner.post('/operators', { username, password, role: 'moderator' }).expect(201)
    await opened.signIn(other, 'away')
    const user = await createUser(server.main, { displayName: 'Nuisance' })
    await other.goto(`${opened.inside}/users?open=${user.id}`)
    await other.getByRole('complementary').getByRole('heading', { name: 'Nuisance' }).waitFor()
    await other.keyboard.press('b')
    const ban = other.getByRole('dialog', { name: 'Ban Nuisance?' })
    const ended = other.getByRole('dialog', { name: 'Your session has ended' })
    const leave = async () => {
      await other.context().clearCookies()
      await ban.getByRole('button', { name: 'Ban', exact: true }).press('Enter')
      await ended.waitFor()
      await other.keyboard.press('Escape')
    }
    const enter = async (username: string) => {
      await leave()
      await ended.getByLabel('Name').fill(username)
      await ended.getByLabel('Password').fill(password)
      await other.keyboard.press('Enter')
      await ended.waitFor({ state: 'detached' })
    }
    await ban.getByLabel('Reason').fill('Shouts all day')
    await enter('away')
    expect(await ban.getByLabel('Reason').inputValue()).toBe('Shouts all day')
    await leave()
    const tab = await other.context().newPage() // in which single sign-on takes place
    await opened.signIn(tab, 'away')
    await tab.close()
    await other.evaluate(`dispatchEvent(new Event('visibilitychange'))`)
    await ended.waitFor({ state: 'detached' })
    expect(await ban.getByLabel('Reason').inputValue()).toBe('Shouts all day')
    await other.getByText('This may be out of date').waitFor({ state: 'detached' })
    await enter('somebody')
    await ban.waitFor({ state: 'detached' })
    // A late answer about the session before ends no other.
    const list = '**/admin/v1/**/users?*'
    const late = Promise.withResolvers<void>()
    await other.route(list, (route) => late.promise.then(() => route.fulfill({ status: 401 })), {
      times: 1,
    })
    await other.reload()
    await other.getByRole('complementary').getByRole('heading', { name: 'Nuisance' }).waitFor()
    await other.keyboard.press('b')
    await ban.getByLabel('Reason').fill('Shouts all night')
    await enter('somebody')
    const arrived = other.waitForResponse(list)
    late.resolve()
    await arrived.then((response) => response.finished())
    await ban.getByRole('button', { name: 'Ban', exact: true }).press('Enter')
    await ban.waitFor({ state: 'detached' })
    expect(await ended.count()).toBe(0)
    await other.context().close()
  })
})
