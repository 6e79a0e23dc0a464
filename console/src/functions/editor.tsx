// A CodeMirror editor for a script, or a comparison of two. It is in a shadow root, where its styles are adopted
// stylesheets, because the page's policy forbids `<style>` elements.
import { autocompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { javascript, javascriptLanguage } from '@codemirror/lang-javascript'
import { HighlightStyle, syntaxHighlighting, syntaxTree } from '@codemirror/language'
import { type Diagnostic, linter } from '@codemirror/lint'
import { MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView, hoverTooltip, keymap } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup } from 'codemirror'
import { useEffect, useRef } from 'react'
import { complete } from './complete.ts'

export interface EditorProps {
  label: string
  text: string
  /** Without it, the editor is read-only. */
  onChange?: (text: string) => void
  onSave?: () => void
  onTry?: () => void
  /** The sample event, for completion. */
  event?: unknown
}

export default function Editor(props: EditorProps) {
  const { label, text, onChange } = props
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef(props)
  latest.current = props
  const isFixed = onChange === undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect below updates the text when it changes
  useEffect(() => {
    const root = rootOf(host.current)
    const run = (what: 'onSave' | 'onTry') => () => {
      latest.current[what]?.()
      return true
    }
    const made = new EditorView({
      root,
      parent: root,
      doc: text,
      extensions: [
        keymap.of([
          { key: 'Mod-s', run: run('onSave'), preventDefault: true },
          { key: 'Mod-Enter', run: run('onTry'), preventDefault: true },
        ]),
        basics(label),
        javascriptLanguage.data.of({
          autocomplete: (context: CompletionContext) => suggest(context, latest.current.event),
        }),
        explains(() => latest.current.event),
        isFixed ? fixed : [typesOver, marksErrors],
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) latest.current.onChange?.(state.doc.toString())
        }),
      ],
    })
    view.current = made
    return () => made.destroy()
  }, [label, isFixed])
  useEffect(() => {
    const { state } = view.current ?? {}
    if (!state || state.doc.toString() === text) return
    view.current?.dispatch({ changes: { from: 0, to: state.doc.length, insert: text } })
  }, [text])
  return <div ref={host} className="code" />
}

export interface Side {
  label: string
  text: string
}

/** Compares two scripts: side by side, or merged into one in narrow windows. */
export function Comparison({ before, after }: { before: Side; after: Side }) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const root = rootOf(host.current)
    const sideOf = ({ label, text }: Side) => ({ doc: text, extensions: [basics(label), fixed] })
    if (matchMedia('(width < 800px)').matches) {
      const { doc, extensions } = sideOf(after)
      const unified = unifiedMergeView({ original: before.text, mergeControls: false })
      const made = new EditorView({ root, parent: root, doc, extensions: [extensions, unified] })
      return () => made.destroy()
    }
    const made = new MergeView({
      root,
      parent: root,
      a: sideOf(before),
      b: sideOf(after),
      collapseUnchanged: { margin: 4 },
    })
    return () => made.destroy()
  }, [before, after])
  return <div ref={host} className="code" />
}

function rootOf(host: HTMLDivElement | null): ShadowRoot {
  if (!host) throw new Error('It is not drawn yet')
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  root.replaceChildren()
  return root
}

function suggest(context: CompletionContext, event: unknown): CompletionResult | null {
  const found = complete(context.state.sliceDoc(0, context.pos), event)
  if (!found) return null
  return {
    from: context.pos - found.typed.length,
    options: found.hints.map(({ label, detail, kind }) => ({ label, detail, type: kind })),
    validFor: /^[\w$]*$/,
  }
}

/** Shows the type of the member under the pointer, if it is known. */
const explains = (eventOf: () => unknown) =>
  hoverTooltip(({ state }, at) => {
    const word = state.wordAt(at)
    const found = word && complete(state.sliceDoc(0, word.to), eventOf())
    const hint = found?.hints.find(({ label }) => label === found.typed)
    if (!word || !hint) return null
    const { label, detail, kind } = hint
    const dom = document.createElement('div')
    dom.className = 'cm-explained'
    dom.textContent = kind === 'method' ? label + detail : `${label}: ${detail}`
    return { pos: word.from, end: word.to, create: () => ({ dom }) }
  })

const errorsMax = 20

/** Marks syntax errors; F8 moves to the next. Other errors show only when the script runs. */
const marksErrors = linter(({ state }) => {
  const found: Diagnostic[] = []
  syntaxTree(state).iterate({
    enter({ type, from, to }) {
      if (!type.isError || found.length >= errorsMax) return
      const message = from === to ? 'Something is missing here' : 'Syntax error'
      found.push({ from, to, severity: 'error', message })
    },
  })
  return found
})

/**
 * Makes the editor, not the browser, insert text typed over a selection: the browser would write the style of the
 * replaced text into the page, which the page's policy forbids and logs.
 */
const typesOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main
    const { data, inputType, isComposing } = event as InputEvent
    if (inputType !== 'insertText' || !data || isComposing || empty || view.state.readOnly) return false
    const insert = () =>
      view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
    const isHandled = view.state
      .facet(EditorView.inputHandler)
      .some((handle) => handle(view, from, to, data, insert))
    if (!isHandled) view.dispatch(insert())
    return true
  },
})

const fixed: Extension = [EditorState.readOnly.of(true), EditorView.editable.of(true)]

/** Tab leaves the editor, as it leaves any field; Escape and arrow keys keep their meaning in the editor. */
const basics = (label: string): Extension => [
  basicSetup,
  autocompletion({ interactionDelay: 0 }),
  javascript({ typescript: true }),
  syntaxHighlighting(colours),
  theme,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': label }),
]

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword], color: 'var(--accent)' },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: [tags.comment], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.className], color: 'var(--warn)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], fontWeight: '600' },
  { tag: tags.invalid, color: 'var(--bad)' },
])

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--raised)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--soft)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--chosen) 45%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--chosen)', color: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--chosen)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '8px',
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    overflow: 'hidden',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)' },
  '.cm-explained': { padding: '0.2rem 0.5rem', fontFamily: 'var(--mono)' },
  '.cm-diagnostic': { borderLeft: '3px solid var(--bad)' },
  // The library's own is an image in a data: URL, which the page's policy forbids.
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
  },
  '.cm-completionDetail': { opacity: '0.85', fontStyle: 'normal' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--ink)' },
  '.cm-collapsedLines': {
    background: 'var(--sunken)',
    color: 'var(--ink)',
  },
  '.cm-changedLine, .cm-insertedLine': {
    backgroundColor: 'color-mix(in srgb, var(--good) 10%, transparent) !important',
  },
  '.cm-deletedChunk, .cm-deletedLine, &.cm-merge-a .cm-changedLine': {
    backgroundColor: 'color-mix(in srgb, var(--bad) 9%, transparent) !important',
  },
  '.cm-changedText, .cm-deletedText': {
    background: 'none !important',
    textDecoration: 'underline 2px',
  },
})
