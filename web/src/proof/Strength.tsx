import { useEffect, useState } from 'react'
import type { guesses } from './guesses'
import styles from './proof.module.css'
import { type Verdict, verdict } from './strength'
import { words } from './words'

const w = words.strength
const pause = 180

let loaded: Promise<typeof guesses> | undefined
const load = () => (loaded ??= import('./guesses').then((m) => m.guesses, (e: unknown) => { loaded = undefined; throw e }))

/** Under a new password: how hard it is to guess, why, and what would help. It advises; the server decides. */
export function Strength({ password, min, own }: { password: string; min: number; own: readonly string[] }) {
  const found = useVerdict(password, min, own.join('\n'))
  return (
    <div className={styles.strength} data-level={found?.level}>
      <div className={styles.bar} role="meter" aria-label={w.label} aria-valuemin={0} aria-valuemax={4} aria-valuenow={found?.level ?? 0} aria-valuetext={found?.name ?? w.empty}>
        {[1, 2, 3, 4].map((n) => <i key={n} data-on={(found && Math.max(found.level, 1) >= n) || undefined} />)}
      </div>
      <p aria-live="polite">{found ? <><strong>{found.name}.</strong> {found.why} {found.help}</> : w.empty}</p>
    </div>
  )
}

function useVerdict(password: string, min: number, own: string): Verdict | undefined {
  const [found, setFound] = useState<Verdict>()
  useEffect(() => {
    if (password === '') {
      setFound(undefined)
      return undefined
    }
    let here = true
    const timer = window.setTimeout(() => {
      load().then(
        (judge) => { if (here) setFound(verdict(judge(password.slice(0, 128), own.split('\n')), Array.from(password).length, min)) },
        () => { if (here) setFound(undefined) }, // without the estimator there is no estimate, and nothing else is lost
      )
    }, pause)
    return () => {
      here = false
      window.clearTimeout(timer)
    }
  }, [password, min, own])
  return found
}
