// Functions in the console: edited with completions, tested, deployed, compared and monitored, by keyboard.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executablePath } from '../browser/chromium.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy } from '../support/functions.ts'
import { type Console, openConsole } from './harness.ts'

describe.skipIf(!executablePath)('functions in the console', () => {
  let opened: Console
  beforeAll(async () => {
    opened = await openConsole()
    await opened.signIn(opened.page, 'ada')
  })
  afterAll(() => opened?.close())

  const select = 'ControlOrMeta+a'
  const script = (text: string) => `async function handleEvent(event, context) {\n  ${text}\n}\n`
  const editor = () => opened.page.getByRole('textbox', { name: /^Script of/ })
  /** Deploys a function that returns a greeting, and opens it in the console. */
  async function openFunction(name: string, tab = ''): Promise<number> {
    const { server, page, inside, heading } = opened
    const { id } = await deploy(server.main, 'user.sent.message', script("return 'Ahoy'"))
    await server.ctx.db.pool.query('update "function" set name = $2 where id = $1', [id, name])
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`${inside}/functions?open=${id}${tab && `&tab=${tab}`}`)
    await heading(name)
    await editor().waitFor()
    return id
  }

  it('are created and edited with completions for the event and the API, by keyboard', async () => {
    const { page, inside, goTo, heading } = opened
    await page.goto(`${inside}/overview`)
    await heading('Harbour')
    await goTo('f', 'Functions')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('Greeter')
    await page.keyboard.press('Enter')
    await heading('Greeter')
    await editor().focus()
    await page.keyboard.press(select)
    await page.keyboard.type(
      'async function handleEvent(event, context) {\nconst { message } = event\nmessage.bo',
    )
    const body = page.getByRole('option', { name: /^body/ })
    // The list may close while the page is busy; then it is asked for.
    await body.waitFor({ timeout: 20_000 }).catch(() => page.keyboard.press('Control+Space'))
    await body.waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.type('\nconst users = context.getUserApi()\nusers.listU')
    await page.getByRole('option', { name: /listUserChannels\(id, page/ }).waitFor()
    await page.keyboard.press('Escape')
    expect(await editor().innerText()).toContain('message.body')
    await page.getByText('Not saved').waitFor()
    await page.keyboard.press('ControlOrMeta+s')
    await page.getByText('The draft is saved').waitFor()
    await page.getByText('Not saved').waitFor({ state: 'detached' })
    await page.reload()
    await expect.poll(() => editor().innerText()).toContain('message.body')
  })

  it('explain the member under the cursor, and mark errors of a script', async () => {
    const { page } = opened
    await openFunction('Explained')
    await editor().focus()
    await page.keyboard.press(select)
    await page.keyboard.insertText(script('return context.getUserApi().listUserChannels(event.message.body)'))
    await editor().getByText('listUserChannels').hover()
    await page.getByText(/^listUserChannels\(id, page/).waitFor()
    expect(await page.locator('.cm-lintRange-error').count()).toBe(0)
    await editor().focus()
    await page.keyboard.press(select)
    await page.keyboard.insertText(script('return )'))
    await page.locator('.cm-lintRange-error').first().waitFor()
    await page.keyboard.press('F8')
    await page.getByText('Syntax error').waitFor()
    expect(opened.complaints.splice(0)).toEqual([])
  })

  it('are tested with a sample, and show logs and errors', async () => {
    const { page } = opened
    await openFunction('Trial')
    await editor().focus()
    await page.keyboard.press(select)
    await page.keyboard.insertText(script('console.log("got", event.message.body)'))
    await page.keyboard.press('ControlOrMeta+Enter')
    const outcome = page.getByRole('region', { name: 'Result' })
    await outcome.getByText('got Hello, world!').waitFor()
    await page.getByLabel('Event', { exact: true }).fill('{"message":null}')
    await page.getByRole('button', { name: /^Try/ }).press('Enter')
    await outcome.getByText('TypeError').waitFor()
    await page.getByLabel('Event', { exact: true }).fill('nothing')
    await page.getByRole('button', { name: /^Try/ }).press('Enter')
    await page.getByText('The event is not a JSON object.').waitFor()
    await page.getByLabel('Event', { exact: true }).fill('{"message":{"body":"Ship ahoy"}}')
    await page.getByRole('button', { name: /^Try/ }).press('Enter')
    await outcome.getByText('got Ship ahoy').waitFor()
    await opened.looksWell('function')
  })

  it('are deployed, and compared with the version before', async () => {
    const { page } = opened
    await openFunction('Twice', 'versions')
    await editor().focus()
    await page.keyboard.press(select)
    await page.keyboard.insertText(script("return 'Ship ahoy'"))
    const compared = page.locator('.bench-side .cm-content')
    await expect
      .poll(() => compared.allInnerTexts())
      .toEqual([expect.stringContaining("return 'Ahoy'"), expect.stringContaining("return 'Ship ahoy'")])
    await opened.looksWell('function-versions')
    await page.getByRole('button', { name: /^Deploy/ }).press('Enter')
    await page.getByRole('dialog', { name: 'Deploy version 2?' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('version 2 runs').waitFor()
    await page.getByLabel('Before').selectOption('1')
    await page.getByRole('button', { name: 'Take version 1' }).press('Enter')
    await expect.poll(() => editor().innerText()).toContain("return 'Ahoy'")
  })

  it('are not saved over the draft of somebody else without a question', async () => {
    const { page } = opened
    const { owner } = opened
    const made = await openFunction('Shared')
    const draft = `/applications/${opened.server.main.id}/functions/${made}/draft`
    await editor().focus()
    await page.keyboard.press(select)
    await page.keyboard.insertText('// mine')
    const theirs = { handlerScript: '// theirs' }
    await owner.put(draft, theirs).expect(200)
    await page.keyboard.press('ControlOrMeta+s')
    const question = page.getByRole('dialog', { name: 'Replace the draft of somebody else?' })
    await question.getByText('// theirs').waitFor()
    await page.keyboard.press('Escape')
    expect((await owner.get(draft)).body).toMatchObject(theirs)
    expect(await editor().innerText()).toBe('// mine')
    await page.getByRole('button', { name: /^Save/ }).press('Enter')
    await question.getByRole('button', { name: 'Replace' }).press('Enter')
    await page.getByText('The draft is saved').waitFor()
    expect((await owner.get(draft)).body).toMatchObject({ handlerScript: '// mine' })
    expect(opened.complaints.splice(0).filter((each) => !/409/.test(each))).toEqual([])
  })

  it('show their runs live', async () => {
    const { page, server } = opened
    const { id } = await deploy(
      server.main,
      'user.sent.message',
      script('console.log("heard", event.message.body)'),
    )
    await page.goto(`${opened.inside}/functions?open=${id}&tab=runs`)
    await page.getByText('It has not run yet').waitFor()
    await createUser(server.main, { name: 'jane' })
    const channel = await createChannel(server.main, { members: [{ username: 'jane' }] })
    await sendMessage(server.main, channel.id, { body: 'the horn', user: { username: 'jane' } })
    await page.getByText('heard the horn').first().waitFor()
    await opened.looksWell('function-runs')
  })

  it('are not shown to viewers', async () => {
    const { open, signIn } = opened
    const page = await open()
    await signIn(page, 'vera')
    await page.getByRole('link', { name: /Users/ }).first().waitFor()
    expect(await page.getByRole('link', { name: /Functions/ }).count()).toBe(0)
    await page.context().close()
  })

  it('log no error in the browser, and send no request to another server', () => {
    expect(opened.complaints).toEqual([])
  })
})
