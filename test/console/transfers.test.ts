// Imports, exports and the appearance of the chat in the console.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { executablePath } from '../browser/chromium.ts'
import { createUser } from '../support/factories.ts'
import { importFile } from '../support/jobs.ts'
import { type Console, openConsole } from './harness.ts'

/** The part of a page's `window` that is used here; the tests are compiled without DOM types. */
interface Styled {
  getComputedStyle(element: never): { backgroundColor: string }
}

describe.skipIf(!executablePath)('the console', () => {
  let opened: Console
  beforeAll(async () => {
    opened = await openConsole()
    opened.page.on('filechooser', () => {}) // the first listener only receives later events
    await opened.signIn(opened.page, 'ada')
  })
  afterAll(() => opened?.close())
  /** The browser logged no errors, and sent no requests to other origins. */
  afterEach(() => expect(opened.complaints.splice(0)).toEqual([]))

  const file = (name: string, items: unknown) => ({
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(items)),
  })

  it('imports a file that is chosen by keyboard, and shows progress and failed items', async () => {
    const { page, inside, heading } = opened
    await page.goto(`${inside}/jobs`)
    await heading('Jobs')
    await page.getByText('Drop a JSON file here').waitFor()
    const choosing = page.waitForEvent('filechooser')
    await page.keyboard.press('i')
    const items = [
      { name: 'ada', displayName: 'Ada' },
      { name: 'broken', displayName: 7 },
    ]
    await (await choosing).setFiles(file('users.json', items))
    await page.getByRole('dialog', { name: 'Import users.json?' }).waitFor()
    await page.getByRole('button', { name: 'Import', exact: true }).press('Enter')
    const detail = page.getByRole('complementary')
    await detail.getByRole('heading', { name: 'User import' }).waitFor()
    await detail.getByText('2 of 2 done, 1 failed').waitFor()
    await detail.getByText(/displayName/).waitFor()
    await opened.looksWell('imports')
  })

  it('imports a file that is dropped, as the kind that its name says', async () => {
    const { page, inside, server } = opened
    await page.goto(`${inside}/jobs`)
    const dropped = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer()
      transfer.items.add(new File(['[{"type":"PUBLIC","name":"dropped"}]'], 'channels.json'))
      return transfer
    })()`)
    await page.dispatchEvent('.drop', 'dragover', { dataTransfer: dropped })
    await page.locator('.drop.is-over').waitFor()
    await page.dispatchEvent('.drop', 'drop', { dataTransfer: dropped })
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).press('Enter')
    await page.getByRole('complementary').getByRole('heading', { name: 'Channel import' }).waitFor()
    await page.getByRole('complementary').getByText('finished').waitFor()
    const { body } = await server.main.get('/channels?name=dropped').expect(200)
    expect(body._embedded.channels).toHaveLength(1)
  })

  it('exports to a file that is downloaded', async () => {
    const { page, inside, server } = opened
    await createUser(server.main, { name: 'exported' })
    await page.goto(`${inside}/jobs`)
    await opened.heading('Jobs')
    await page.keyboard.press('x')
    await page.getByLabel('Items').selectOption('users')
    await page.getByRole('button', { name: 'Export', exact: true }).press('Enter')
    const link = page.getByRole('link', { name: 'Download the file' })
    await link.waitFor()
    await opened.looksWell('exports')
    const downloading = page.waitForEvent('download')
    await link.press('Enter')
    const download = await downloading
    expect(download.suggestedFilename()).toBe('user-analytics.csv')
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toContain('exported')
  })

  it('shows jobs to viewers, without import and download', async () => {
    const page = await opened.open()
    await importFile(opened.server.main, 'users', [])
    await opened.signIn(page, 'vera')
    await page.goto(`${opened.inside}/jobs`)
    await page.locator('.row').first().waitFor()
    expect(await page.getByRole('button', { name: /Import|Export/ }).count()).toBe(0)
    await page.context().close()
  })

  it('changes the styles of the chat, and previews them before they are saved', async () => {
    const { page, inside, heading, server } = opened
    await page.goto(`${inside}/overview`)
    await heading('Harbour')
    await opened.goTo('d', 'Look')
    const preview = page.frameLocator('iframe')
    await preview.getByText('Ten minutes late').waitFor()
    expect(await preview.getByRole('button', { name: /^React with/ }).count()).toBeGreaterThan(0)
    await page.getByLabel('Theme').selectOption('dark')
    await preview.locator('html[data-theme="dark"]').waitFor()
    await page.getByLabel('React to messages').press('Space')
    await expect.poll(() => preview.getByRole('button', { name: /^React with/ }).count()).toBe(0)
    await page.getByLabel('Own messages').fill('#7fd3a8')
    const bubble = preview.locator('[data-from="me"] > .bubble').first()
    await bubble.waitFor()
    await expect
      .poll(() =>
        bubble.evaluate(
          (element: never) => (globalThis as unknown as Styled).getComputedStyle(element).backgroundColor,
        ),
      )
      .toBe('rgb(127, 211, 168)')
    await opened.looksWell('look')
    const nothing = await server.main.get('/application/ui/styles').expect(200)
    expect(nothing.body.settings['base-theme']).toBe('light')
    await page.keyboard.press('s')
    await page.getByText('Saved: open chats have changed').waitFor()
    const { body: styles } = await server.main.get('/application/ui/styles').expect(200)
    expect(styles.settings).toMatchObject({
      'base-theme': 'dark',
      overrides: { message: { outbound: { 'background-color': '#7fd3a8' } } },
    })
    const { body: set } = await server.main.get('/application/ui/features').expect(200)
    expect(set.settings.message.reactions).toBe('disabled')
  })

  it('reports invalid JSON, and what the server refuses', async () => {
    const { page, inside } = opened
    await page.goto(`${inside}/look`)
    await page.getByLabel('Overrides, as JSON').fill('{"message":')
    await page.getByText('This is not a valid JSON object yet.').waitFor()
    await page.getByLabel('Overrides, as JSON').fill('{"nothing":{}}')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.locator('.notices .is-bad', { hasText: 'nothing' }).waitFor()
    opened.complaints.length = 0 // browsers log responses with status 400
  })
})
