// Where to go after signing in. The address bar is anybody's to write, so only a path of this very host is taken, in
// one plain spelling; everything else is the front page (AC-065).

const path = /^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*\/?)?(?:\?[A-Za-z0-9._~=&%+-]*)?$/

export function next(asked: string | null, origin: string = location.origin): string {
  if (asked === null || asked.length > 512 || !path.test(asked)) return '/'
  let url: URL
  try {
    url = new URL(asked, origin)
  } catch {
    return '/'
  }
  // What the browser makes of it must be what was read: no dots that climb, no other origin.
  if (url.origin !== origin || url.pathname + url.search !== asked) return '/'
  // The doors themselves, and what is no page, are nowhere to go.
  if (/^\/(?:signin|signup|invitation|forgot|reset|api|widget|assets)(?:\/|\?|$)/.test(asked)) return '/'
  return asked
}
