import { createRoot } from 'react-dom/client'
import { guardPage, Look } from '~/look'
import { Doors } from './Doors'
import { takeToken } from './token'

const token = takeToken(location, history)
guardPage()
const root = document.getElementById('root')
if (root) createRoot(root).render(<Look><Doors path={location.pathname} token={token} /></Look>)

// A second mailed link opened in this tab changes the fragment alone, which loads nothing by itself.
addEventListener('hashchange', () => { if (location.hash.startsWith('#token=')) location.reload() })
