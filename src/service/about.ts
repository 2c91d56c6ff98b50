export { ownVersion, softwareVersions } from '../store/versions.ts';
