// A chart of series over time, drawn on a canvas.
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'

export interface ChartProps {
  title: string
  /** Seconds since 1970. */
  times: number[]
  values: (number | null)[]
  unit?: string
}

const height = 150
/** Of the longest time, such as `08:00 AM`, with a gap, in pixels. */
const labelWidth = 72

export default function Chart({ title, times, values, unit = '' }: ChartProps) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const parent = element.current
    if (!parent) return
    const style = getComputedStyle(parent)
    const ink = () => style.color
    const accent = () => style.outlineColor
    const axis = {
      stroke: ink,
      grid: { stroke: () => style.borderBlockColor, width: 1 },
      ticks: { show: false },
    }
    const chart = new uPlot(
      {
        width: Math.max(parent.clientWidth, 100),
        height,
        legend: { show: false },
        cursor: { y: false, points: { size: 7 } },
        scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] } },
        axes: [
          {
            ...axis,
            size: 26,
            space: labelWidth,
            font: '11px system-ui',
            values: (_, splits) => splits.map(labelOf(times)),
          },
          {
            ...axis,
            size: 44,
            font: '11px system-ui',
            values: (_, splits) =>
              splits.map((value) => (Number.isInteger(value) || unit ? `${value}${unit}` : '')),
          },
        ],
        series: [
          {},
          {
            label: title,
            stroke: accent,
            fill: () => accent().replace(')', ' / 0.14)').replaceAll(',', ''),
            width: 2,
          },
        ],
      },
      [times, values],
      parent,
    )
    const sizes = new ResizeObserver(() =>
      chart.setSize({ width: Math.max(parent.clientWidth, 100), height }),
    )
    sizes.observe(parent)
    const redraw = () => chart.redraw(false)
    const look = new MutationObserver(redraw)
    look.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', redraw)
    return () => {
      sizes.disconnect()
      look.disconnect()
      dark.removeEventListener('change', redraw)
      chart.destroy()
    }
  }, [title, times, values, unit])
  return <div ref={element} className="chart" aria-hidden="true" />
}

const hours = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** Labels times with the time of day if they span less than two days, otherwise with the date. */
const labelOf = (times: number[]) => {
  const isShort = (times.at(-1) ?? 0) - (times[0] ?? 0) < 2 * 86_400
  return (seconds: number) => (isShort ? hours : days).format(seconds * 1_000)
}
