package volumes

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

const patience = 5 * time.Second

func class(name, provisioner string) *storagev1.StorageClass {
	return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner}
}

func claim(name, class string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: name, UID: "u-1"},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class,
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			},
		},
	}
}

// start runs a provisioner over a fake cluster and returns both ends.
func start(t *testing.T, directory string) *fake.Clientset {
	t.Helper()
	client := fake.NewSimpleClientset(class("ours", Name), class("theirs", "example.com/other"))
	provisioner, err := New(client, directory)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- provisioner.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return client
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within", patience, what)
		}
	}
}

func TestClaimGetsADirectoryThatIsGoneWithIt(t *testing.T) {
	directory := t.TempDir()
	client := start(t, directory)
	ctx := context.Background()
	volumes := client.CoreV1().PersistentVolumes()
	if _, err := client.CoreV1().PersistentVolumeClaims("one").Create(ctx, claim("data", "ours"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var volume *corev1.PersistentVolume
	eventually(t, "a volume", func() bool {
		var err error
		volume, err = volumes.Get(ctx, "pvc-u-1", metav1.GetOptions{})
		return err == nil
	})
	path := volume.Spec.HostPath.Path
	if path != filepath.Join(directory, "pvc-u-1") || volume.Spec.ClaimRef.UID != "u-1" {
		t.Fatalf("%+v", volume.Spec)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != open {
		t.Fatal(info, err)
	}
	if err := os.WriteFile(filepath.Join(path, "file"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}

	volume.Status.Phase = corev1.VolumeReleased
	if _, err := volumes.UpdateStatus(ctx, volume, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	// The claim is gone by then; else it would get a new volume.
	_ = client.CoreV1().PersistentVolumeClaims("one").Delete(ctx, "data", metav1.DeleteOptions{})
	eventually(t, "its end", func() bool {
		_, err := volumes.Get(ctx, "pvc-u-1", metav1.GetOptions{})
		_, gone := os.Stat(path)
		return apierrors.IsNotFound(err) && os.IsNotExist(gone)
	})
}

func TestOnlyClaimsOfOurClassesAreServed(t *testing.T) {
	client := fake.NewSimpleClientset(class("ours", Name), class("theirs", "example.com/other"))
	provisioner, err := New(client, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	provisioner.factory.Start(ctx.Done())
	provisioner.factory.WaitForCacheSync(ctx.Done())

	bound := claim("bound", "ours")
	bound.Spec.VolumeName = "pvc-u-1"
	leaving := claim("leaving", "ours")
	leaving.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	without := claim("without", "")
	without.Spec.StorageClassName = nil
	for wanted, claims := range map[bool][]*corev1.PersistentVolumeClaim{
		true:  {claim("fresh", "ours")},
		false: {bound, leaving, without, claim("other", "theirs"), claim("unknown", "nobody's")},
	} {
		for _, claim := range claims {
			if provisioner.wants(claim) != wanted {
				t.Errorf("%s: wanted %v", claim.Name, wanted)
			}
		}
	}
}

func TestVolumesOfOthersAreLeftAlone(t *testing.T) {
	volume := volumeFor(claim("data", "ours"), "/volumes")
	volume.Status.Phase = corev1.VolumeReleased
	if !isOver(volume) {
		t.Error("ours is over")
	}
	volume.Status.Phase = corev1.VolumeBound
	if isOver(volume) {
		t.Error("a bound volume is not over")
	}
	volume.Status.Phase = corev1.VolumeReleased
	volume.Annotations = nil
	if isOver(volume) {
		t.Error("another provisioner's volume is not ours to remove")
	}
}
