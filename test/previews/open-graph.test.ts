import { describe, expect, it } from 'vitest'
import { HeadReader } from '#previews/open-graph.ts'

const page = new URL('https://example.com/news/1?x=2')
const image = '<meta property="og:image" content="/i.png">'

function previewOf(html: string) {
  const head = new HeadReader()
  head.write(html)
  return head.preview(page)
}

describe('the preview of a page', () => {
  it('is taken from its Open Graph tags', () => {
    expect(
      previewOf(`<!doctype html><html prefix="og: https://ogp.me/ns#"><head>
        <title>Other</title>
        <meta property="og:title" content="A &amp; B">
        <meta property="og:description" content=" Two
          lines ">
        <meta property="og:site_name" content="Example">
        <meta property="og:url" content="https://example.com/canonical">
        <meta property="og:image" content="https://cdn.example.com/i.png?a=1&amp;b=2">
        <meta property="og:image" content="https://cdn.example.com/second.png">
        </head><body>`),
    ).toEqual({
      url: 'https://example.com/canonical',
      title: 'A & B',
      description: 'Two lines',
      siteName: 'Example',
      image: { source: 'https://cdn.example.com/i.png?a=1&b=2' },
    })
  })

  it('is taken from the page itself, without fields that the page does not have', () => {
    expect(previewOf(`<title>Caf&eacute;</title>${image}`)).toEqual({
      url: page.href,
      title: 'Café',
      image: { source: 'https://example.com/i.png' },
    })
  })

  it.each([
    [
      'og:title',
      '<title>c</title><meta name="twitter:title" content="b"><meta property="og:title" content="a">',
    ],
    ['twitter:title', '<title>c</title><meta name="twitter:title" content="a">'],
    ['the title element', '<title>\n a </title>'],
    ['names for properties', '<META NAME="OG:Title" CONTENT="a">'],
    ['what is not empty', '<meta property="og:title" content=" "><meta property="og:title" content="a">'],
  ])('takes its title from %s', (_, html) => {
    expect(previewOf(html + image)?.title).toBe('a')
  })

  it.each([
    ['i.png', 'https://example.com/news/i.png'],
    ['/i.png', 'https://example.com/i.png'],
    ['//cdn.example.com/i.png', 'https://cdn.example.com/i.png'],
    ['http://cdn.example.com/ü.png', 'http://cdn.example.com/%C3%BC.png'],
  ])('has an absolute image: %s', (content, source) => {
    expect(previewOf(`<title>a</title><meta property="og:image" content="${content}">`)?.image).toEqual({
      source,
    })
  })

  it.each([
    ['no image', '<title>a</title>'],
    ['no title', image],
    ['an empty title', `<title> </title>${image}`],
    ['an image that is a script', '<title>a</title><meta property="og:image" content="javascript:alert(1)">'],
    [
      'an image that is data',
      '<title>a</title><meta property="og:image" content="data:image/png;base64,AA==">',
    ],
    [
      'an image behind credentials',
      '<title>a</title><meta property="og:image" content="https://a:b@c/i.png">',
    ],
    ['an image of no host', '<title>a</title><meta property="og:image" content="http://">'],
    ['an endless image', `<title>a</title><meta property="og:image" content="/${'i'.repeat(3000)}">`],
    ['nothing', ''],
  ])('is undefined where there is %s', (_, html) => {
    expect(previewOf(html)).toBeUndefined()
  })

  it('ignores a URL that is not http: or https:', () => {
    for (const url of ['javascript:alert(1)', 'https://bank.example@evil.example/', 'file:///etc/passwd']) {
      const html = `<title>a</title>${image}<meta property="og:url" content="${url}">`
      expect(previewOf(html)?.url).toBe(page.href)
    }
  })

  it('has texts of limited length, without characters that the database cannot store', () => {
    const long = '👍'.repeat(5000)
    const preview = previewOf(
      `<meta property="og:title" content="${long}"><meta property="og:description" content="a\0b\ud800c">
       <meta property="og:site_name" content="${long}">${image}`,
    )
    expect(preview?.title).toBe(`${'👍'.repeat(149)}…`)
    expect(preview?.siteName?.length).toBeLessThanOrEqual(100)
    expect(preview?.description).toBe('a b\ufffdc')
    expect(JSON.stringify(preview)).not.toMatch(/\\u0000|\\ud8/)
  })

  it('is taken from the head, however that ends', () => {
    for (const end of ['</head>', '<body>']) {
      const head = new HeadReader()
      head.write(`<html><head><title>a</title>${image}`)
      expect(head.isDone).toBe(false)
      head.write(`${end}<meta property="og:title" content="b"><meta property="og:description" content="b">`)
      expect(head.isDone).toBe(true)
      head.write('<meta property="og:site_name" content="b">')
      expect(head.preview(page)).toEqual({
        url: page.href,
        title: 'a',
        image: { source: 'https://example.com/i.png' },
      })
    }
  })

  it('ignores comments, scripts and drawings', () => {
    const html = `<title>a</title>${image}<!-- </head><meta property="og:title" content="b"> -->
      <script>"</head><meta property='og:title' content='b'>"</script><style></head></style>
      <svg><title>b</title></svg><meta property="og:description" content="c">`
    expect(previewOf(html)).toMatchObject({ title: 'a', description: 'c' })
  })

  it('is the same however the page is chunked', () => {
    const html = `<head><title>a&eacute;b</title>${image}<meta property="og:description" content="c&amp;d"></head>`
    const head = new HeadReader()
    for (const character of html) head.write(character)
    expect(head.preview(page)).toEqual(previewOf(html))
    expect(head.preview(page)?.title).toBe('aéb')
  })
})
