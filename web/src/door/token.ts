/**
 * Takes the token of a mailed link out of the address. It stands behind the `#`, so that no server and no log ever sees
 * it, and it leaves the address bar and the history before anything is drawn (ASVS 14.2.1).
 */
export function takeToken(place: Pick<Location, 'hash' | 'pathname' | 'search'>, past: Pick<History, 'replaceState'>): string {
  if (place.hash === '') return ''
  const token = new URLSearchParams(place.hash.slice(1)).get('token') ?? ''
  past.replaceState(null, '', place.pathname + place.search)
  // 32 random bytes in base64url; a mail program may have left a dot or a bracket behind it.
  return /^[A-Za-z0-9_-]{43}/.exec(token)?.[0] ?? ''
}
