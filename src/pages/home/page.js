// Shows the health of the server, copies code samples, and loads the demo on demand.

const path = document.body.dataset.path ?? ''
const healthEveryMs = 10_000

for (const code of document.querySelectorAll('pre > code')) offerCopy(code)
watchHealth()
prepareDemo()

async function watchHealth() {
  const { isUp, text } = await askHealth()
  const status = document.querySelector('#status')
  const shown = document.querySelector('#status-text')
  status?.setAttribute('data-state', isUp ? 'up' : 'down')
  if (shown && shown.textContent !== text) shown.textContent = text // screen readers announce each change
  setTimeout(watchHealth, healthEveryMs)
}

/** @returns {Promise<{ isUp: boolean, text: string }>} */
async function askHealth() {
  try {
    const answer = await fetch(`${path}/health`, { cache: 'no-store' })
    const body = await answer.json()
    if (answer.ok && body.status === 'UP') return { isUp: true, text: 'Up and running' }
    return { isUp: false, text: body.message ?? `The server answers with status ${answer.status}` }
  } catch {
    return { isUp: false, text: 'The server does not answer' }
  }
}

/** @param {Element} code */
function offerCopy(code) {
  if (!navigator.clipboard) return // such as on pages loaded without TLS from another machine
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy quiet'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    const isCopied = await navigator.clipboard.writeText(code.textContent ?? '').then(
      () => true,
      () => false,
    )
    button.textContent = isCopied ? 'Copied' : 'Not copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 1500)
  })
  const frame = document.createElement('div')
  frame.className = 'code'
  code.parentElement?.replaceWith(frame)
  frame.append(/** @type {Element} */ (code.parentElement), button)
}

function prepareDemo() {
  const demo = document.querySelector('#demo')
  const button = document.querySelector('#start')
  if (!(demo instanceof HTMLElement) || !(button instanceof HTMLButtonElement)) return
  button.addEventListener('click', () => startDemo(demo, button))
  if (location.hash === '#demo') startDemo(demo, button) // the demo ran before the page was reloaded
}

/**
 * @param {HTMLElement} demo
 * @param {HTMLButtonElement} button
 */
async function startDemo(demo, button) {
  const problem = demo.querySelector('#start-problem')
  button.disabled = true
  button.textContent = 'Connecting…'
  if (problem instanceof HTMLElement) problem.hidden = true
  try {
    /** @type {typeof import('./demo.ts')} */
    const { start } = await import(new URL('demo.js', import.meta.url).href)
    await start(demo)
    history.replaceState(null, '', '#demo')
  } catch (error) {
    if (problem instanceof HTMLElement) {
      problem.textContent = error instanceof Error ? error.message : String(error)
      problem.hidden = false
    }
  } finally {
    button.disabled = false
    button.textContent = 'Start the chat'
  }
}
