//! Directories that are opened once, and the way to a file through them.
//!
//! Promises: a link is followed only inside the directory that was named, one component at a time and relative to what was opened, so that nothing
//! can be swapped between looking and opening; each link is read once. The one way out is certbot's: `live/NAME/x` may lead to `archive/NAME/y`.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStringExt as _,
    path::{Component, Path, PathBuf},
    rc::Rc,
};

use rustix::{
    fd::OwnedFd,
    fs::{CWD, Mode, OFlags, openat, readlinkat},
    io::Errno,
};

use super::guard::folder_fault;
use crate::fault::{Code, Fault, Part};

/// Links on the way to one file; a volume of Kubernetes has two.
const MOST_LINKS: usize = 8;
/// A directory needs no reading, only passing through.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// Opening a pipe must not wait for its writer.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// What was opened and read on the way, for one reading of all files.
#[derive(Default)]
pub(crate) struct Folders {
    folders: HashMap<PathBuf, Rc<OwnedFd>>,
    links: HashMap<PathBuf, PathBuf>,
}

/// A directory on the way.
#[derive(Clone)]
struct Place {
    path: PathBuf,
    folder: Rc<OwnedFd>,
}

/// Why a way ended.
enum End {
    System(Errno),
    Escape(PathBuf),
}

impl From<Errno> for End {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl Folders {
    /// Opens the file, and adds what is wrong with the directories on the way to it.
    pub(super) fn open(
        &mut self,
        path: &Path,
        part: Part,
        faults: &mut Vec<Fault>,
    ) -> Result<OwnedFd, Fault> {
        let mut passed = Vec::new();
        let opened = self.walk(path, &mut passed);
        for Place { path, folder } in passed {
            faults.extend(folder_fault(&folder, &path.display().to_string(), part)?);
        }
        opened.map_err(|end| match end {
            End::System(Errno::ISDIR) => Fault::new(Code::NotRegular, part),
            End::System(error) => Fault::new(Code::Unreadable, part).because(error.to_string()),
            End::Escape(target) => Fault::new(Code::SymlinkEscape, part)
                .because(format!("it leads to `{}`", target.display())),
        })
    }

    fn walk(&mut self, path: &Path, passed: &mut Vec<Place>) -> Result<OwnedFd, End> {
        let (Some(base), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Errno::ISDIR.into());
        };
        let mut here = self.base(base)?;
        passed.push(here.clone());
        let mut ahead = vec![name.to_owned()];
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let is_file = ahead.is_empty();
            let flags = if is_file { FILE } else { FOLDER };
            let target = match self.step(&here, &name, flags)? {
                Step::Opened(file) if is_file => return Ok(file),
                Step::Opened(folder) => {
                    here = self.keep(here.path.join(name), folder);
                    passed.push(here.clone());
                    continue;
                }
                Step::Passed(place) => {
                    here = place;
                    passed.push(here.clone());
                    continue;
                }
                Step::Link(target) => target,
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP.into());
            }
            if let Some(file) = certbot(&here.path, &target).filter(|_| is_file && links == 1) {
                here = self.archive(&here, &target)?;
                passed.push(here.clone());
                ahead.push(file);
            } else if let Ok(rest) = target.strip_prefix(base) {
                here = self.base(base)?;
                ahead.extend(inside(rest, &target)?);
            } else {
                ahead.extend(inside(&target, &target)?);
            }
        }
        Err(Errno::ISDIR.into())
    }

    /// The directory that was named, links and all: what it is at this moment is the base of the reading.
    fn base(&mut self, path: &Path) -> Result<Place, End> {
        if let Some(place) = self.known(path) {
            return Ok(place);
        }
        let named = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let folder = openat(CWD, named, FOLDER, Mode::empty())?;
        Ok(self.keep(path.to_owned(), folder))
    }

    fn archive(&mut self, here: &Place, target: &Path) -> Result<Place, End> {
        let folder = target.parent().unwrap_or(target);
        let path = here.path.join(folder);
        if let Some(place) = self.known(&path) {
            return Ok(place);
        }
        let folder = openat(&*here.folder, folder, FOLDER, Mode::empty())?;
        Ok(self.keep(path, folder))
    }

    fn step(&mut self, here: &Place, name: &OsStr, flags: OFlags) -> Result<Step, End> {
        let path = here.path.join(name);
        if let Some(target) = self.links.get(&path) {
            return Ok(Step::Link(target.clone()));
        }
        if let Some(place) = self.known(&path) {
            return Ok(Step::Passed(place));
        }
        match openat(&*here.folder, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(opened) => Ok(Step::Opened(opened)),
            Err(error @ (Errno::LOOP | Errno::NOTDIR)) => {
                let target = readlinkat(&*here.folder, name, Vec::new()).map_err(|_| error)?;
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                self.links.insert(path, target.clone());
                Ok(Step::Link(target))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn known(&self, path: &Path) -> Option<Place> {
        let folder = Rc::clone(self.folders.get(path)?);
        let path = path.to_owned();
        Some(Place { path, folder })
    }

    fn keep(&mut self, path: PathBuf, folder: OwnedFd) -> Place {
        let folder = Rc::new(folder);
        self.folders.insert(path.clone(), Rc::clone(&folder));
        Place { path, folder }
    }
}

/// What one component turned out to be.
enum Step {
    Opened(OwnedFd),
    Passed(Place),
    Link(PathBuf),
}

/// The components of a way that only leads further in, last one first.
fn inside(way: &Path, target: &Path) -> Result<Vec<OsString>, End> {
    let mut names = Vec::new();
    for component in way.components() {
        match component {
            Component::Normal(name) => names.push(name.to_owned()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(End::Escape(target.to_owned()));
            }
        }
    }
    names.reverse();
    Ok(names)
}

/// The file in `../../archive/NAME/`, if the link stands in `live/NAME`.
fn certbot(folder: &Path, target: &Path) -> Option<OsString> {
    let name = folder.file_name()?;
    let is_live = folder.parent()?.file_name() == Some(OsStr::new("live"));
    let archive = Path::new("../../archive").join(name);
    let rest = target.strip_prefix(archive).ok()?;
    let mut rest = rest.components();
    match (is_live, rest.next(), rest.next()) {
        (true, Some(Component::Normal(file)), None) => Some(file.to_owned()),
        _ => None,
    }
}
