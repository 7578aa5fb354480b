import mark from './mark.svg'
import { words } from './words'

/** The mark: an arch with a grille, as between a cloister and its visitors. */
export function Logo({ size = 34, named = false }: { size?: number; named?: boolean }) {
  return <img src={mark} width={size} height={size} alt={named ? words.product : ''} />
}
