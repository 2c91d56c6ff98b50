import { Boxes, Info, SlidersHorizontal } from 'lucide-react';
import { hashOf } from '../../state/route.ts';
import { AboutPage } from './about-page.tsx';
import { ModelsPage } from './models-page.tsx';
import { SettingsPage } from './settings-page.tsx';
import './settings.css';

type Page = 'settings' | 'models' | 'about';

const pages = [
  { page: 'settings', label: 'Settings', icon: SlidersHorizontal, Content: SettingsPage },
  { page: 'models', label: 'Models', icon: Boxes, Content: ModelsPage },
  { page: 'about', label: 'About', icon: Info, Content: AboutPage },
] as const;

/** What is the same in all projects: settings, pretrained models, what Holotype is made of. */
export function SettingsArea({ page }: { readonly page: Page }) {
  return (
    <div className="settings">
      <nav className="settings-nav" aria-label="Settings">
        {pages.map(({ page: own, label, icon: Icon }) => (
          <a key={own} href={hashOf({ screen: own })} aria-current={own === page ? 'page' : undefined}>
            <Icon aria-hidden />
            {label}
          </a>
        ))}
      </nav>
      {pages.map(({ page: own, Content }) =>
        own === page ? (
          <div key={own} className="settings-page">
            <Content />
          </div>
        ) : null,
      )}
    </div>
  );
}
