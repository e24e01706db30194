//! Building a document in a program.
//!
//! ```
//! use perigee_sdl::model::{Compute, Document, Expose, Placement, Service};
//! use perigee_sdl::Sdl;
//!
//! let document = Document::default()
//!     .with_service("web", Service::new("nginx:1.27").with_expose(Expose::http(8080).to_everybody()))
//!     .with_compute("small", Compute::new(500, 512 << 20, 1 << 30))
//!     .with_placement("anywhere", Placement::default().with_price("small", "uprg", 1000))
//!     .with_deployment("web", "anywhere", "small", 2);
//! let sdl = Sdl::from_document(document)?;
//! assert_eq!(sdl.groups()[0].total().cpu_milli, 1000);
//! assert_eq!(Sdl::parse("printed", &sdl.document().to_yaml())?.hash(), sdl.hash());
//! # Ok::<(), perigee_sdl::Diagnostics>(())
//! ```

use crate::model::{
    Compute, Credentials, Deployment, Document, EndpointKind, Expose, ExposeTo, Gpu, GpuModel, Mount, Placement, Price,
    Protocol, Service, StorageClass, Volume, VolumeAttributes,
};
use crate::quantity::Decimal;

impl Document {
    /// Adds or replaces a service.
    pub fn with_service(mut self, name: impl Into<String>, service: Service) -> Self {
        self.services.insert(name.into(), service);
        self
    }

    /// Adds or replaces a compute profile.
    pub fn with_compute(mut self, name: impl Into<String>, compute: Compute) -> Self {
        self.compute.insert(name.into(), compute);
        self
    }

    /// Adds or replaces a placement.
    pub fn with_placement(mut self, name: impl Into<String>, placement: Placement) -> Self {
        self.placement.insert(name.into(), placement);
        self
    }

    /// Runs `count` replicas of a service at a placement, each with the resources of a profile.
    pub fn with_deployment(
        mut self,
        service: impl Into<String>,
        placement: impl Into<String>,
        profile: impl Into<String>,
        count: u32,
    ) -> Self {
        let deployment = Deployment {
            profile: profile.into(),
            count,
        };
        self.deployment
            .entry(service.into())
            .or_default()
            .insert(placement.into(), deployment);
        self
    }

    /// Leases an IP address of this name.
    pub fn with_address(mut self, name: impl Into<String>) -> Self {
        self.endpoints.insert(name.into(), EndpointKind::Ip);
        self
    }
}

impl Service {
    /// A service that runs this image.
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            ..Self::default()
        }
    }

    /// Sets a variable of the environment.
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push(format!("{name}={value}"));
        self
    }

    /// Replaces the arguments of the container.
    pub fn with_args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the entry point of the container.
    pub fn with_command(mut self, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.command = command.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a port.
    pub fn with_expose(mut self, expose: Expose) -> Self {
        self.expose.push(expose);
        self
    }

    /// Mounts a volume of the profile.
    pub fn with_mount(mut self, volume: impl Into<String>, path: impl Into<String>) -> Self {
        let mount = Mount {
            mount: Some(path.into()),
            read_only: false,
        };
        self.params.get_or_insert_default().storage.insert(volume.into(), mount);
        self
    }

    /// Sets the login of a private registry.
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }
}

impl Expose {
    /// A TCP port, for nobody yet.
    pub fn tcp(port: u16) -> Self {
        Self {
            port,
            ..Self::default()
        }
    }

    /// A UDP port, for nobody yet.
    pub fn udp(port: u16) -> Self {
        Self {
            port,
            proto: Protocol::Udp,
            ..Self::default()
        }
    }

    /// An HTTP port that the ingress serves by host name, for nobody yet.
    pub fn http(port: u16) -> Self {
        Self {
            port,
            as_port: Some(80),
            ..Self::default()
        }
    }

    /// Opens the port to everybody.
    pub fn to_everybody(mut self) -> Self {
        self.to.push(ExposeTo {
            global: true,
            ..ExposeTo::default()
        });
        self
    }

    /// Opens the port to everybody, at a leased address.
    pub fn to_everybody_at(mut self, address: impl Into<String>) -> Self {
        self.to.push(ExposeTo {
            global: true,
            ip: Some(address.into()),
            service: None,
        });
        self
    }

    /// Opens the port to one service of the deployment.
    pub fn to_service(mut self, service: impl Into<String>) -> Self {
        self.to.push(ExposeTo {
            service: Some(service.into()),
            ..ExposeTo::default()
        });
        self
    }

    /// Routes a host name here.
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.accept.push(host.into());
        self
    }
}

impl Compute {
    /// Thousandths of a core, bytes of memory, bytes of the container's own disk.
    pub fn new(cpu_milli: u64, memory_bytes: u64, disk_bytes: u64) -> Self {
        let disk = Volume {
            size_bytes: disk_bytes,
            ..Volume::default()
        };
        Self {
            cpu_milli,
            memory_bytes,
            storage: vec![disk],
            ..Self::default()
        }
    }

    /// Adds a volume that outlives the container. A service that uses the profile must mount it.
    pub fn with_persistent_volume(self, name: impl Into<String>, size_bytes: u64, class: StorageClass) -> Self {
        self.with_volume(
            name,
            size_bytes,
            VolumeAttributes {
                class: Some(class),
                persistent: true,
            },
        )
    }

    /// Adds a volume that lives in memory.
    pub fn with_memory_volume(self, name: impl Into<String>, size_bytes: u64) -> Self {
        self.with_volume(
            name,
            size_bytes,
            VolumeAttributes {
                class: Some(StorageClass::Ram),
                persistent: false,
            },
        )
    }

    fn with_volume(mut self, name: impl Into<String>, size_bytes: u64, attributes: VolumeAttributes) -> Self {
        self.storage.push(Volume {
            name: name.into(),
            size_bytes,
            attributes: Some(attributes),
        });
        self
    }

    /// Asks for GPUs; any of the models will do, and any NVIDIA model if none is named.
    pub fn with_gpus(mut self, units: u64, models: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let models = models.into_iter().map(|model| GpuModel {
            model: model.into(),
            ..GpuModel::default()
        });
        self.gpu = Some(Gpu {
            units,
            models: models.collect(),
        });
        self
    }
}

impl Placement {
    /// The provider must state this of itself.
    pub fn with_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(key.into(), value.into());
        self
    }

    /// One of the named auditors must vouch for the provider.
    pub fn signed_by_any_of(mut self, auditor: impl Into<String>) -> Self {
        self.any_of.push(auditor.into());
        self
    }

    /// The most that is paid per replica of a profile and block, in whole units.
    pub fn with_price(mut self, profile: impl Into<String>, denom: impl Into<String>, amount: u64) -> Self {
        let price = Price {
            denom: denom.into(),
            amount: Decimal::from_integer(amount),
        };
        self.pricing.insert(profile.into(), price);
        self
    }
}
