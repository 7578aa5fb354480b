import { words } from './words'

// Times as the visitor's browser writes them.

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' })
const dateOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' })

const valid = (iso: string) => {
  const d = new Date(iso)
  return Number.isNaN(d.getTime()) ? new Date() : d
}

export const hour = (iso: string) => clock.format(valid(iso))

export function day(iso: string, now = new Date()): string {
  const d = valid(iso)
  const days = Math.round((midnight(now) - midnight(d)) / 86_400_000)
  if (days === 0) return words.today
  if (days === 1) return words.yesterday
  return d.getFullYear() === now.getFullYear() ? date.format(d) : dateOfYear.format(d)
}

const midnight = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()
