/** Times and numbers as the person's own browser writes them. The clock is an argument, so that tests have one. */

const locale = typeof navigator === 'undefined' ? 'en-GB' : navigator.language.startsWith('en-US') ? 'en-US' : 'en-GB'

const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
const dayMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
const dayMonthYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' })
const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' })
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** "now", "4m", "3h", "2d", then a date: short enough for a list. */
export function ago(at: string, now: number): string {
  const past = now - Date.parse(at)
  if (Number.isNaN(past)) return ''
  if (past < minute) return 'now'
  if (past < hour) return `${String(Math.floor(past / minute))}m`
  if (past < day) return `${String(Math.floor(past / hour))}h`
  if (past < 7 * day) return `${String(Math.floor(past / day))}d`
  const then = new Date(at)
  return then.getFullYear() === new Date(now).getFullYear() ? dayMonth.format(then) : dayMonthYear.format(then)
}

/** The time of day. */
export function time(at: string): string {
  return clock.format(new Date(at))
}

/** Date and time to the second, as a log needs it. */
export function moment(at: string): string {
  return full.format(new Date(at))
}

/** Date and time to the minute, without the year. */
export function shortly(at: string): string {
  return `${dayMonth.format(new Date(at))}, ${time(at)}`
}

export function date(at: string): string {
  return dayMonthYear.format(new Date(at))
}

/** A key that is equal for two times on the same day here. */
export function dayKey(at: string): string {
  const then = new Date(at)
  return `${String(then.getFullYear())}-${String(then.getMonth())}-${String(then.getDate())}`
}

/** What stands above the messages of a day. */
export function dayName(at: string, now: number): string {
  const key = dayKey(at)
  if (key === dayKey(new Date(now).toISOString())) return 'Today'
  const before = new Date(now)
  before.setDate(before.getDate() - 1)
  if (key === dayKey(before.toISOString())) return 'Yesterday'
  const then = new Date(at)
  return then.getFullYear() === new Date(now).getFullYear() ? weekday.format(then) : dayMonthYear.format(then)
}

/** A web address without what everybody knows: "acme.example/billing". */
export function place(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/$/, '')
}

/** Where somebody wrote from: the page as it came, which may be a path of the site alone. */
export function where({ site, page }: { site: string; page?: string }): string {
  if (!page) return place(site)
  return place(page.startsWith('/') ? site + page : page)
}

/** The English name of a language tag; the tag itself when the browser does not know it. */
export function language(tag: string): string {
  try {
    return new Intl.DisplayNames(['en-GB'], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

/** "Firefox on Linux", from what a browser says of itself; anything else as it is. */
export function device(agent: string): string {
  const browser = (
    [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']] as const
  ).find(([mark]) => agent.includes(mark))?.[1]
  const system = (
    [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']] as const
  ).find(([mark]) => agent.includes(mark))?.[1]
  return browser && system ? `${browser} on ${system}` : agent
}

/** A count for a badge. */
export function badge(count: number): string {
  return count > 99 ? '99+' : String(count)
}
