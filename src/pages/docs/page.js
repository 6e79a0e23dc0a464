// Shows openapi.json, and sends what the reader wants to try. Runs in the browser; all text is set as text, so that
// nothing that the server says can become markup.

const api = await (await fetch('openapi.json')).json()

/** Of the reader's application. */
let token = ''

show()
document.querySelector('#token').addEventListener('submit', getToken)

function show() {
  byId('version').append(`Version ${api.info.version} · `, link('openapi.yaml', 'openapi.yaml'))
  byId('about').append(...prose(api.info.description))
  byId('contents').replaceChildren(
    ...api.tags.flatMap(contentsOf),
    element('h2', {}, link('#schemas', 'Schemas')),
  )
  byId('operations').replaceChildren(...api.tags.flatMap(chapter))
  byId('schemas').append(
    element('h2', {}, 'Schemas'),
    ...Object.entries(api.components.schemas).map(([name, schema]) => schemaPage(name, schema)),
  )
  addEventListener('hashchange', reveal)
  reveal()
}

/** Opens what the address points at. */
function reveal() {
  const target = document.getElementById(location.hash.slice(1))
  if (target instanceof HTMLDetailsElement) target.open = true
  target?.scrollIntoView()
}

function operationsOf(tag) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag.name))
      .map(([method, operation]) => ({ path, method, ...operation })),
  )
}

function contentsOf(tag) {
  const entries = operationsOf(tag).map(({ operationId, summary }) => link(`#${operationId}`, summary))
  return [element('h2', {}, tag.name), ...entries]
}

function chapter(tag) {
  return [
    element('h2', {}, tag.name),
    element('p', { className: 'note' }, tag.description ?? ''),
    ...operationsOf(tag).map(operationPage),
  ]
}

function operationPage(operation) {
  const { operationId, method, path, summary, description, security } = operation
  const page = element(
    'details',
    { id: operationId },
    element(
      'summary',
      {},
      element('span', { className: `method ${method}` }, method.toUpperCase()),
      element('span', { className: 'path' }, path),
      element('span', {}, summary),
    ),
  )
  // Thirty forms that nobody has opened would only make the page slow.
  page.addEventListener(
    'toggle',
    () =>
      page.append(
        element(
          'div',
          {},
          ...prose(description),
          element('p', { className: 'note' }, 'Scopes: ', Object.values(security[0])[0].join(', ')),
          tryForm(operation),
        ),
      ),
    { once: true },
  )
  return page
}

// ---------------------------------------------------------------------------------------------- trying

function tryForm(operation) {
  const parameters = (operation.parameters ?? []).map(resolve)
  const fields = parameters.map((parameter) => ({ ...parameter, input: inputFor(parameter) }))
  const body = bodyFor(operation.requestBody)
  const accept = select(Object.keys(success(operation).content ?? { '*/*': {} }))
  const answer = element('pre', {})
  const form = element(
    'form',
    {},
    ...(fields.length > 0 ? [heading('Parameters'), table(fields.map(parameterRow))] : []),
    ...(body ? [heading('Body'), ...body.shown] : []),
    heading('Answer'),
    ...answersOf(operation),
    element('div', { className: 'send' }, element('button', {}, 'Send'), accept),
    answer,
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    await send(answer, {
      url: addressOf(operation.path, fields),
      method: operation.method.toUpperCase(),
      headers: {
        accept: accept.value,
        ...(token && { authorization: `Bearer ${token}` }),
        ...body?.headers,
      },
      ...(body && { body: body.content() }),
    })
  })
  return form
}

async function send(shown, { url, ...request }) {
  shown.className = ''
  shown.textContent = `${request.method} ${url}`
  try {
    const started = performance.now()
    const answer = await fetch(url, request)
    const text = await answer.text()
    const took = Math.round(performance.now() - started)
    shown.className = answer.ok ? '' : 'failed'
    shown.textContent = `${request.method} ${url}\n${answer.status} ${answer.statusText}, ${took} ms\n\n${pretty(text)}`
  } catch (error) {
    shown.className = 'failed'
    shown.textContent += `\n${error.message}`
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** Relative, so that it also works behind a proxy that serves this API below a path. */
function addressOf(path, fields) {
  const query = new URLSearchParams()
  let filled = path
  for (const { in: place, name, schema, input } of fields) {
    if (place === 'path') filled = filled.replace(`{${name}}`, () => encodeURIComponent(input.value))
    else if (input.value !== '') {
      // One per line.
      for (const value of schema.type === 'array' ? input.value.split('\n') : [input.value])
        query.append(name, value)
    }
  }
  return new URL(`.${filled}${query.size > 0 ? `?${query}` : ''}`, location.href).href
}

async function getToken(event) {
  event.preventDefault()
  const { id, secret } = Object.fromEntries(new FormData(event.target))
  const output = event.target.querySelector('output')
  const answer = await fetch('oauth/token', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
  })
  const body = await answer.json()
  token = body.access_token ?? ''
  output.className = token ? '' : 'failed'
  output.textContent = token
    ? `You have a token for ${Math.round(body.expires_in / 3600)} hours. Every request below is sent with it.`
    : body.error_description
}

function inputFor({ required, schema, name }) {
  if (schema.enum || schema.type === 'boolean') {
    return select(['', ...(schema.enum ?? ['true', 'false'])], { name })
  }
  const placeholder = schema.type === 'array' ? 'one a line' : String(schema.default ?? '')
  return element(schema.type === 'array' ? 'textarea' : 'input', {
    name,
    required,
    placeholder,
    spellcheck: false,
  })
}

function parameterRow({ name, required, schema, description, input }) {
  return [
    element('span', {}, name, required ? ' *' : ''),
    element('span', {}, typeOf(schema), element('small', {}, ...inline(description ?? ''))),
    input,
  ]
}

/** What a body looks like, and a way to make one. */
function bodyFor(requestBody) {
  if (!requestBody) return undefined
  const [type, { schema }] = Object.entries(requestBody.content)[0]
  const said = element('p', { className: 'type' }, typeOf(schema))
  return type === 'multipart/form-data' ? fileBody(said) : textBody(said, type, schema)
}

function fileBody(said) {
  const input = element('input', { type: 'file', required: true, ariaLabel: 'File' })
  const content = () => {
    const form = new FormData()
    form.append('file', input.files[0])
    return form
  }
  return { shown: [said, input], headers: {}, content }
}

function textBody(said, type, schema) {
  const variants = resolve(schema).oneOf ?? [schema]
  const input = element('textarea', { spellcheck: false, ariaLabel: 'Body' })
  const choice = select(
    variants.map((variant) => nameOf(variant) ?? ''),
    { ariaLabel: 'Variant' },
  )
  const fill = () => {
    input.value = JSON.stringify(sampleOf(variants[choice.selectedIndex]), null, 2)
  }
  choice.addEventListener('change', fill)
  fill()
  return {
    shown: variants.length > 1 ? [said, choice, input] : [said, input],
    headers: { 'content-type': type },
    content: () => input.value,
  }
}

/** The least that a schema asks for; all fields where it asks for none, as a patch does. */
function sampleOf(given) {
  const schema = resolve(given)
  if (schema.const !== undefined) return schema.const
  if (schema.default !== undefined) return schema.default
  if (schema.enum) return schema.enum[0]
  const [variant] = schema.oneOf ?? schema.anyOf ?? []
  if (variant) return sampleOf(variant)
  if (schema.type === 'array') return []
  if (schema.type === 'integer') return 1
  if (schema.type === 'boolean') return false
  if (schema.type !== 'object') return schema.format === 'uri' ? 'https://example.com/picture.png' : 'text'
  const names = schema.required ?? Object.keys(schema.properties ?? {}).filter((name) => name !== '_links')
  return Object.fromEntries(names.map((name) => [name, sampleOf(schema.properties[name])]))
}

// --------------------------------------------------------------------------------------------- schemas

function success({ responses }) {
  return resolve(Object.entries(responses).find(([status]) => status < 400)[1])
}

function answersOf({ responses }) {
  return [
    table(
      Object.entries(responses).map(([status, response]) => {
        const { description, content } = resolve(response)
        const [type] = Object.values(content ?? {})
        return [status, element('span', {}, ...inline(description)), type ? typeOf(type.schema) : '']
      }),
    ),
  ]
}

function schemaPage(name, schema) {
  const fields = Object.entries(schema.properties ?? {}).map(([field, type]) => [
    element('span', {}, field, schema.required?.includes(field) ? ' *' : ''),
    element('span', {}, typeOf(type), element('small', {}, ...inline(type.description ?? ''))),
  ])
  return element(
    'details',
    { id: name },
    element('summary', {}, element('span', { className: 'path' }, name)),
    element('div', {}, ...(fields.length > 0 ? [table(fields)] : [element('p', {}, typeOf(schema))])),
  )
}

/** A type as one would say it, with links to the schemas that have a page. */
function typeOf(schema) {
  return element('span', { className: 'type' }, ...wordsOf(schema))
}

function wordsOf(schema) {
  const name = nameOf(schema)
  if (name) return [link(`#${name}`, name)]
  if (schema.const !== undefined) return [JSON.stringify(schema.const)]
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(' | ')]
  const variants = schema.oneOf ?? schema.anyOf
  if (variants)
    return variants.flatMap((variant, place) => (place > 0 ? [' | ', ...wordsOf(variant)] : wordsOf(variant)))
  if (schema.type === 'array') return ['list of ', ...wordsOf(schema.items)]
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([field, type]) => [`${field}: `, ...wordsOf(type)])
    return ['{ ', ...fields.flatMap((words, place) => (place > 0 ? ['; ', ...words] : words)), ' }']
  }
  if (typeof schema.additionalProperties === 'object')
    return ['map of ', ...wordsOf(schema.additionalProperties)]
  return [schema.type ?? 'any', schema.format ? ` (${schema.format})` : '']
}

function nameOf({ $ref }) {
  return $ref?.split('/').at(-1)
}

function resolve(part) {
  if (!part.$ref) return part
  const [, ...path] = part.$ref.split('/')
  return path.reduce((place, key) => place[key], api)
}

// -------------------------------------------------------------------------------------------- elements

function byId(id) {
  return document.getElementById(id)
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

function link(href, text) {
  return element('a', { href }, text)
}

function heading(text) {
  return element('h3', {}, text)
}

function select(values, properties = {}) {
  return element('select', properties, ...values.map((value) => element('option', { value }, value)))
}

function table(rows) {
  return element(
    'table',
    {},
    ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))),
  )
}

/** The little Markdown that descriptions have: paragraphs, **strong**, `code`. */
function prose(text) {
  return text.split('\n\n').map((paragraph) => element('p', {}, ...inline(paragraph)))
}

function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith('**')) return element('strong', {}, part.slice(2, -2))
    return part.startsWith('`') ? element('code', {}, part.slice(1, -1)) : part
  })
}
